// How a store of real servers is, in sentences.

import type { StoreLine } from "../api/stores";
import { exact, plural, span } from "../words/format";
import type { StoreRow } from "./model";

/** How a replica is, in a word; that it is online is what its switch says. */
export function standingWords({ standing }: StoreRow): string {
  return standing === "online" ? "up" : standing;
}

/** What else is worth knowing of a replica, if anything. */
export function asideWords(row: StoreRow, now: number, primary: number | null): string {
  const parts = row.peer === primary ? ["primary"] : [];
  if (!row.reached) parts.push(row.seen === null ? "never yet" : `last ${ago(now - row.seen)}`);
  else if (row.behind > 0) parts.push(`${plural(row.behind, "update")} to go`);
  else if (row.standing === "stopped") parts.push("all stop until they agree");
  else if (row.fenced || row.standing === "out of touch") parts.push("takes no calls");
  else if (row.again !== null) parts.push(`started again ${ago(now - row.again)}`);
  return parts.join(" · ");
}

/** "12 s ago" */
export function ago(ms: number): string {
  return ms < 1000 ? "just now" : `${lengthWords(ms)} ago`;
}

/** A length of time in whole seconds: "12 s", "2 min 05 s". */
export function lengthWords(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  return seconds < 100 ? `${seconds} s` : span(seconds);
}

/** A rate that may not be known. */
export function rateWords(value: number | null): string {
  if (value === null) return "";
  return value < 10 ? `${value === 0 ? "0" : value.toFixed(1)}/s` : `${exact(Math.round(value))}/s`;
}

/** What has changed among the replicas between two looks, for who hears the page. */
export function changeWords(
  before: readonly StoreRow[] | null,
  now: readonly StoreRow[],
): string | null {
  if (before === null) return null;
  const was = new Map(before.map((row) => [row.peer, row.standing]));
  const changed = now.filter((row) => was.has(row.peer) && was.get(row.peer) !== row.standing);
  if (changed.length === 0) return null;
  return changed.map(changeSentence).join(" ");
}

function changeSentence({ peer, standing }: StoreRow): string {
  return `Replica ${peer} is ${standing === "spare" ? "a spare" : standing}.`;
}

/** Of whom nothing is known, which the sentence over the bars leaves out. */
export function unknownSentence(members: readonly StoreRow[]): string {
  const silent = members.filter((row) => row.silent).map(({ peer }) => peer);
  if (silent.length === 0) return "";
  return `Nothing is known of ${silent.length === 1 ? "replica" : "replicas"} ${silent.join(", ")}.`;
}

/** What a spare is, and what to type to have it do something. */
export function spareWords({ reached, fenced }: StoreRow): string {
  if (!reached) return "does not answer";
  return fenced ? "holds nothing until it is added" : "was let go, and has not heard of it yet";
}

/** What to type to take a spare in: the command finds the store of its own accord when it is this machine's only one. */
export function addCommand(replica: number, address: string, all: readonly StoreLine[]): string {
  const here = all.filter(({ pid }) => pid !== null);
  const isOnly = here.length === 1 && here[0]?.front_ends.includes(address);
  return `rumormill store add ${replica}${isOnly ? "" : ` --server http://${address}`}`;
}
