// How far each replica of a store is, from what replicas measure: a replica timestamp counts the updates that
// it holds, a value timestamp those that it has executed, for each line of updates.

import type { Gauges } from "../model/gauges";

/** The updates that one replica has taken in one of its lives, or the forced ones. */
export interface Line {
  /** As the store writes it: `1`, `1.3fa` in another life of replica 1, `F` for forced updates. */
  slot: string;
  /** Whose updates they are; null for forced ones. */
  replica: string | null;
  /** Which life of the replica, when it is not the first. */
  life: string | null;
  /** The most updates that any replica holds. */
  most: number;
}

/** How far a replica is with one line. */
export interface Cell {
  held: number;
  executed: number;
}

/** How far one replica is. */
export interface Row {
  peer: number;
  /** In the order of the lines. */
  cells: Cell[];
  /** Updates in its log, and sessions in its call table; null when it has not told. */
  log: number | null;
  calls: number | null;
  /** Does it answer calls, as far as it has told? */
  service: "online" | "offline" | "overloaded";
  /** Has it told nothing since it booted? */
  silent: boolean;
  /** Is it one of the store's replicas, rather than one that left it or stands by? */
  member: boolean;
}

export interface Replicas {
  lines: Line[];
  rows: Row[];
}

const HELD = "replica timestamp ";
const EXECUTED = "value timestamp ";
const FORCED = "F";
/** Counts lines that have ended, which are no updates. */
const ENDED = "E";

/** Does somebody who measures these things have a place in the view? */
function isReplica(names: ReadonlySet<string>): boolean {
  if (names.has("log") && names.has("calls")) return true;
  for (const name of names) if (name.startsWith(HELD) || name.startsWith(EXECUTED)) return true;
  return false;
}

/** Has the run a store whose replicas tell how far they are? */
export function hasReplicas(gauges: Gauges): boolean {
  return gauges.sources().some(([, names]) => isReplica(names));
}

/** How far all replicas are, at the moment that is looked at. */
export function replicasOf(gauges: Gauges): Replicas {
  const peers = gauges.sources().filter(([, names]) => isReplica(names));
  const slots = new Set<string>();
  for (const [, names] of peers)
    for (const name of names) {
      const slot = slotOf(name);
      if (slot !== null && slot !== ENDED) slots.add(slot);
    }
  const members = peers.map(([peer]) => peer).filter((peer) => isMember(gauges.of(peer)));
  for (const slot of slots)
    if (members.some((peer) => hasEnded(gauges.of(peer), slot))) slots.delete(slot);
  const mosts = [...slots].map((slot) => ({
    ...lineOf(slot),
    most: Math.max(0, ...members.map((peer) => cellOf(gauges.of(peer), slot).held)),
  }));
  // What nobody has is of a later moment, or has ended.
  const lines = mosts.filter(({ most }) => most > 0).sort(before);
  return { lines, rows: peers.map(([peer]) => rowOf(peer, gauges.of(peer), lines)) };
}

/** Counts grow: one that is nothing again is of a line that has ended, which a replica that is down has not heard of. */
const hasEnded = (told: ReadonlyMap<string, number>, slot: string) => told.get(HELD + slot) === 0;

/** Those who left, or stand by, say so. */
const isMember = (told: ReadonlyMap<string, number>) => told.get("member") !== 0;

function slotOf(name: string): string | null {
  const prefix = [HELD, EXECUTED].find((prefix) => name.startsWith(prefix));
  return prefix === undefined ? null : name.slice(prefix.length);
}

function lineOf(slot: string): Omit<Line, "most"> {
  if (slot === FORCED) return { slot, replica: null, life: null };
  const [replica = slot, life = null] = slot.split(".");
  return { slot, replica, life };
}

/** By replica and then by life, forced ones last. */
export function before(a: Line, b: Line): number {
  if (a.replica === null || b.replica === null)
    return Number(a.replica === null) - Number(b.replica === null);
  const byReplica = a.replica.localeCompare(b.replica, "en", { numeric: true });
  return byReplica || (a.life ?? "").localeCompare(b.life ?? "", "en");
}

function cellOf(told: ReadonlyMap<string, number>, slot: string): Cell {
  const executed = told.get(EXECUTED + slot) ?? 0;
  // An update is executed only where it is held; of a snapshot both are told at once.
  return { held: Math.max(told.get(HELD + slot) ?? 0, executed), executed };
}

function rowOf(peer: number, told: ReadonlyMap<string, number>, lines: readonly Line[]): Row {
  const cells = lines.map(({ slot }) => cellOf(told, slot));
  const service = told.get("offline")
    ? "offline"
    : told.get("overloaded")
      ? "overloaded"
      : "online";
  return {
    ...{ peer, cells, service, silent: told.size === 0 },
    ...{ log: told.get("log") ?? null, calls: told.get("calls") ?? null },
    member: isMember(told),
  };
}

/** What is not everywhere yet. */
export interface Gap {
  /** Updates that some replica holds. */
  all: number;
  /** Replicas that lack some, and how many. */
  missing: [peer: number, updates: number][];
  /** Replicas that have not executed all that they hold, and how much of it. */
  pending: [peer: number, updates: number][];
}

/** How far the replicas are apart; those that are no members are not waited for. */
export function gapOf({ lines, rows }: Replicas): Gap {
  const all = lines.reduce((sum, { most }) => sum + most, 0);
  const missing: Gap["missing"] = [];
  const pending: Gap["pending"] = [];
  for (const { peer, cells } of rows.filter(({ member }) => member)) {
    const held = cells.reduce((sum, cell) => sum + cell.held, 0);
    const executed = cells.reduce((sum, cell) => sum + cell.executed, 0);
    if (held < all) missing.push([peer, all - held]);
    if (executed < held) pending.push([peer, held - executed]);
  }
  return { all, missing, pending };
}
