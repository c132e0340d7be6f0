// Which side of a partition each peer is on at a moment, from the run's plan.

import type { Fault, Peers, Timed } from "../api/faults";
import { secondsOf } from "../words/faults";

/** The partition in force. */
export interface Sides {
  /** The side of each peer, by its number; peers in no group form the last side. */
  of: Int16Array;
  /** Peers on each side that has any. */
  counts: number[];
}

/** The groups of the partition that is in force at `t`, seconds; null when there is none. */
export function partitionAt(plan: unknown, t: number): Peers[] | null {
  const faults = (plan as { faults?: Timed[] } | null)?.faults ?? [];
  let groups: Peers[] | null = null;
  const past = faults.filter((timed) => secondsOf(timed.at) <= t);
  for (const { fault } of past.sort((a, b) => secondsOf(a.at) - secondsOf(b.at)))
    groups = after(groups, fault);
  return groups;
}

function after(groups: Peers[] | null, fault: Fault): Peers[] | null {
  if (fault === "heal") return null;
  return "partition" in fault ? fault.partition.groups : groups;
}

/** Who is on which side; null when that was drawn, and the lab did not say who. */
export function sidesOf(groups: readonly Peers[], peers: number): Sides | null {
  const of = new Int16Array(peers + 1).fill(-1);
  for (const [side, group] of groups.entries()) {
    const numbers = resolve(group, peers);
    if (!numbers) return null;
    // A peer in several groups belongs to the first.
    for (const peer of numbers) if (of[peer] === -1) of[peer] = side;
  }
  const counts = new Array<number>(groups.length + 1).fill(0);
  for (let peer = 1; peer <= peers; peer++) {
    if (of[peer] === -1) of[peer] = groups.length;
    const side = of[peer] ?? 0;
    counts[side] = (counts[side] ?? 0) + 1;
  }
  if (counts.at(-1) === 0) counts.pop();
  return { of, counts };
}

/** The numbers of these peers, as `Peers::resolve` of the lab has them; null when only the lab knows. */
export function resolve(group: Peers, peers: number): number[] | null {
  const span = (from: number, to: number) =>
    Array.from({ length: Math.max(0, to - from + 1) }, (_, i) => from + i);
  if (group === "all") return span(1, peers);
  if ("numbers" in group) return group.numbers.filter((p) => p >= 1 && p <= peers);
  if ("random" in group) return group.random.peers ?? null;
  const place = (share: number) => Math.round(Math.min(1, Math.max(0, share)) * peers);
  return span(place(group.share.from) + 1, place(group.share.to));
}
