// How far replicas are, in sentences.

import { exact, plural } from "../words/format";
import type { Cell, Gap, Line } from "./model";

type Label = (peer: number) => string;

/** What a line is called at the head of its column. */
export function lineTitle({ replica, life }: Line): string {
  if (replica === null) return "forced updates";
  return life === null
    ? `updates taken by ${replica}`
    : `updates taken by ${replica}, life ${life}`;
}

/** The characters of a life that tell it from others well enough where there is little room. */
const LIFE_SHORT = 4;

/** What a line is called where there is little room: "3", "3.ab12", "forced". */
export function lineName({ replica, life }: Line): string {
  if (replica === null) return "forced";
  return life === null ? replica : `${replica}.${life.slice(0, LIFE_SHORT)}`;
}

/** "holds 5 of 7, has executed 3" */
export function cellSentence(cell: Cell, most: number): string {
  const held =
    cell.held === most ? `holds all ${exact(most)}` : `holds ${exact(cell.held)} of ${exact(most)}`;
  if (cell.held === 0) return most === 0 ? "nothing yet" : `holds none of ${exact(most)}`;
  return cell.executed === cell.held
    ? `${held}, has executed them`
    : `${held}, has executed ${exact(cell.executed)}`;
}

/** The most replicas that are named one by one. */
const NAMED_MAX = 4;

/** "All 3 replicas have executed all 12 updates." or who lacks what. */
export function gapSentence(gap: Gap, replicas: number, label: Label): string {
  if (gap.all === 0) return "no replica holds an update yet.";
  const updates = plural(gap.all, "update");
  if (gap.missing.length === 0 && gap.pending.length === 0)
    return `${updates}, executed at ${replicas === 1 ? "the only replica" : `all ${exact(replicas)} replicas`}.`;
  const parts = [
    ...listed(gap.missing, label, "lacks", "lack some"),
    ...listed(gap.pending, label, "has not executed", "have not executed all that they hold"),
  ];
  return `${updates}; ${parts.join("; ")}.`;
}

function listed(
  of: readonly (readonly [peer: number, updates: number])[],
  label: Label,
  one: string,
  many: string,
): string[] {
  if (of.length > NAMED_MAX) return [`${exact(of.length)} replicas ${many}`];
  return of.map(([peer, updates]) => `replica ${label(peer)} ${one} ${exact(updates)}`);
}
