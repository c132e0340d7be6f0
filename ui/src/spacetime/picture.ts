// One answer of the lab, made ready to be drawn: peers have rows, messages ends, events places.

import type { Happening, Spacetime } from "../api/history";

/** A message from row to row. */
export interface Arrow {
  /** The events at its ends. */
  sent: string;
  end: string | null;
  from: number;
  to: number;
  /** Rows; -1 where the peer has none. */
  fromRow: number;
  toRow: number;
  t0: number;
  /** Where the arrow ends; for a lost message half-way, for one under way the end of what is known. */
  t1: number;
  /** The message's kind as it is written, and its number in the run. */
  name: string;
  kind: number;
  /** What became of it; unknown where only the sender has a row. */
  fate: "delivered" | "lost" | "under way" | "unknown";
  bytes: number;
}

/** An event on its peer's row. */
export interface Mark {
  event: Happening;
  row: number;
  /** Place of the event among those of its peer. */
  count: number;
}

/** Counts of events in columns of equal width. */
export interface Density {
  columns: number;
  rows: (readonly number[])[];
  /** The largest count. */
  peak: number;
}

export interface Picture {
  from: number;
  to: number;
  peers: readonly number[];
  rowOf: ReadonlyMap<number, number>;
  arrows: readonly Arrow[];
  /** In the order of time; where there are counts, only what is rare. */
  marks: readonly Mark[];
  /** Of each row, the marks on it. */
  byRow: readonly (readonly Mark[])[];
  byId: ReadonlyMap<string, Mark>;
  density: Density | null;
  total: number;
  /** Messages drawn between peers with rows, and all of those that there are. */
  shown: number;
  of: number;
  /** Messages from or to peers that have no row, of which only one end is drawn. */
  stubs: number;
  hidden: number;
  quiet: number;
}

const COUNT_BITS = 40n;

/** The number of the peer that an event happened to. */
export function peerOf(event: string): number {
  return Number(BigInt(event) >> COUNT_BITS);
}

/** The event's place among those of its peer. */
export function countOf(event: string): number {
  return Number(BigInt.asUintN(40, BigInt(event)));
}

/** The id of a peer's event. */
export function eventAt(peer: number, count: number): string {
  return String((BigInt(peer) << COUNT_BITS) | BigInt(count));
}

/** Makes a picture of an answer; `kinds` are the run's kinds of message in the order of their colours. */
export function pictureOf(answer: Spacetime, kinds: readonly string[]): Picture {
  const rowOf = new Map(answer.peers.map((peer, row) => [peer, row]));
  const between = arrowsOf(answer, rowOf, kinds);
  const stubs = answer.detail ? stubsOf(answer.events, rowOf, kinds) : [];
  const marks = marksOf(answer.detail ? answer.events : (answer.marks ?? []), rowOf);
  const byRow: Mark[][] = answer.peers.map(() => []);
  for (const mark of marks) byRow[mark.row]?.push(mark);
  const { from, to, peers, total } = answer;
  return {
    ...{ from, to, peers, rowOf, marks, byRow, total },
    arrows: [...between, ...stubs],
    byId: new Map(marks.map((mark) => [mark.event.id, mark])),
    density: answer.detail ? null : densityOf(answer.columns, answer.rows, rowOf),
    shown: answer.shown ?? between.length,
    of: answer.of ?? between.length,
    stubs: stubs.length,
    hidden: answer.hidden_peers,
    quiet: answer.quiet_peers,
  };
}

function marksOf(events: readonly Happening[], rowOf: ReadonlyMap<number, number>): Mark[] {
  const marks: Mark[] = [];
  for (const event of events) {
    const row = rowOf.get(event.peer);
    if (row !== undefined) marks.push({ event, row, count: countOf(event.id) });
  }
  return marks.sort((a, b) => a.event.t - b.event.t || a.row - b.row || a.count - b.count);
}

function arrowsOf(
  answer: Spacetime,
  rowOf: ReadonlyMap<number, number>,
  kinds: readonly string[],
): Arrow[] {
  const numbers = new Map(kinds.map((name, number) => [name, number]));
  const typical = typicalFlight(answer);
  return answer.messages.map(([sent, end, from, to, t0, t1, name, lost, bytes]) => {
    const fate = lost ? "lost" : t1 === null ? "under way" : "delivered";
    // A loss is told when the message leaves; the arrow leans as those do that arrive.
    const ended = fate === "lost" ? Math.max(t1 ?? t0, t0 + typical) : (t1 ?? answer.to);
    return {
      ...{ sent, end, from, to, t0, name, fate, bytes },
      fromRow: rowOf.get(from) ?? -1,
      toRow: rowOf.get(to) ?? -1,
      t1: ended,
      kind: numbers.get(name) ?? kinds.length,
    };
  });
}

/** Messages with one end in sight: the lab tells of them as events alone. */
function stubsOf(
  events: readonly Happening[],
  rowOf: ReadonlyMap<number, number>,
  kinds: readonly string[],
): Arrow[] {
  const lost = new Map<string, string>();
  for (const event of events)
    if (event.kind === "dropped" && event.cause) lost.set(event.cause, event.id);
  const stubs: Arrow[] = [];
  for (const { id, t, peer, kind, name, other, cause, bytes = 0 } of events) {
    if (!other || rowOf.has(other) || !rowOf.has(peer)) continue;
    if (kind !== "sent" && kind !== "delivered") continue;
    const leaves = kind === "sent";
    const end = leaves ? (lost.get(id) ?? null) : id;
    stubs.push({
      ...{ sent: leaves ? id : (cause ?? id), end, name, bytes, t0: t, t1: t },
      ...{ from: leaves ? peer : other, to: leaves ? other : peer },
      fromRow: leaves ? (rowOf.get(peer) ?? -1) : -1,
      toRow: leaves ? -1 : (rowOf.get(peer) ?? -1),
      kind: kinds.indexOf(name) < 0 ? kinds.length : kinds.indexOf(name),
      fate: lost.has(id) ? "lost" : leaves ? "unknown" : "delivered",
    });
  }
  return stubs;
}

/** How long a message is under way in the middle of all, seconds. */
function typicalFlight(answer: Spacetime): number {
  const flights: number[] = [];
  for (const [, , , , t0, t1, , lost] of answer.messages)
    if (!lost && t1 !== null) flights.push(t1 - t0);
  flights.sort((a, b) => a - b);
  return flights[flights.length >> 1] ?? (answer.to - answer.from) / 40;
}

function densityOf(
  columns: number,
  rows: readonly [number, number[]][],
  rowOf: ReadonlyMap<number, number>,
): Density {
  const counts: number[][] = Array.from({ length: rowOf.size }, () => []);
  let peak = 1;
  for (const [peer, of] of rows) {
    const row = rowOf.get(peer);
    if (row === undefined) continue;
    counts[row] = of;
    for (const count of of) if (count > peak) peak = count;
  }
  return { columns, rows: counts, peak };
}
