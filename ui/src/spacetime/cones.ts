// What led to an event and what it led to: of each peer the last event of the past, the first of the
// future. Whatever lies between, neither led to it nor followed from it.

import type { Cone } from "../api/past";
import { countOf, eventAt, type Picture, peerOf } from "./picture";

/** Frontiers of so many peers are looked up by time. */
const LOOKED_UP_MAX = 400;

export interface Cones {
  event: string;
  t: number;
  /** Of each peer in the past cone, the count of its last event there. */
  past: ReadonlyMap<number, number>;
  /** Of each peer in the future cone, the count of its first event there. */
  future: ReadonlyMap<number, number>;
  /** Events in each, without the chosen one. */
  pastEvents: number;
  futureEvents: number;
  path: Cone["path"];
  /** Times of frontier events that have been looked up, by id. */
  times: ReadonlyMap<string, number>;
}

/** An answer of the lab, ready to be asked about single events. */
export function conesOf(answer: Cone): Cones {
  return {
    ...{ event: answer.event.id, t: answer.event.t, path: answer.path },
    past: new Map(answer.past.peers.map(([peer, count]) => [peer, count])),
    future: new Map(answer.future.peers.map(([peer, count]) => [peer, count])),
    pastEvents: answer.past.events,
    futureEvents: answer.future.events,
    times: new Map(answer.path.map((event) => [event.id, event.t])),
  };
}

/** Did this event lead to the chosen one, or is it that one? */
export function inPast(cones: Cones, id: string): boolean {
  return countOf(id) <= (cones.past.get(peerOf(id)) ?? -1);
}

/** Did this event follow from the chosen one, or is it that one? */
export function inFuture(cones: Cones, id: string): boolean {
  return countOf(id) >= (cones.future.get(peerOf(id)) ?? Number.POSITIVE_INFINITY);
}

/** Frontier events of the rows in sight of which neither picture nor cone knows the time. */
export function unknownEdges(cones: Cones, picture: Picture): string[] {
  const ids: string[] = [];
  for (const peer of picture.peers)
    for (const side of [cones.past, cones.future]) {
      const count = side.get(peer);
      if (count === undefined) continue;
      const id = eventAt(peer, count);
      if (!cones.times.has(id) && !picture.byId.has(id)) ids.push(id);
    }
  return ids.slice(0, LOOKED_UP_MAX);
}

/** How far the past reaches on a row, and where the future begins; null where it does not touch it. */
export interface Reach {
  past: number | null;
  future: number | null;
}

/** The reach of the cones on each row: exact where the frontier's time is known, else from what is in sight. */
export function reaches(cones: Cones, picture: Picture): Reach[] {
  return picture.peers.map((peer, row) => ({
    past: pastOf(cones, picture, peer, row),
    future: futureOf(cones, picture, peer, row),
  }));
}

function known(cones: Cones, picture: Picture, peer: number, count: number): number | undefined {
  const id = eventAt(peer, count);
  return picture.byId.get(id)?.event.t ?? cones.times.get(id);
}

function pastOf(cones: Cones, picture: Picture, peer: number, row: number): number | null {
  const count = cones.past.get(peer);
  if (count === undefined) return null;
  const t = known(cones, picture, peer, count);
  if (t !== undefined) return t;
  // Counts do not tell where in a row it is.
  if (picture.density) return null;
  const last = picture.byRow[row]?.findLast((mark) => mark.count <= count);
  return last?.event.t ?? null;
}

function futureOf(cones: Cones, picture: Picture, peer: number, row: number): number | null {
  const count = cones.future.get(peer);
  if (count === undefined) return null;
  const t = known(cones, picture, peer, count);
  if (t !== undefined) return t;
  if (picture.density) return null;
  const first = picture.byRow[row]?.find((mark) => mark.count >= count);
  return first?.event.t ?? null;
}
