// Gathers peers: by community, by place, by side of a partition, or by who is connected at all.

import type { Edges } from "./edges";
import { partitionAt, sidesOf } from "./partition";
import { sitesOf } from "./places";
import type { Bench } from "./run";

export const COLLAPSES = ["none", "community", "place", "side", "connected"] as const;
/** What peers are gathered by into one disc. */
export type Collapse = (typeof COLLAPSES)[number];

/** Peers in groups. */
export interface Grouping {
  /** The group of each peer, by its number; -1 for a peer in none. */
  of: Int32Array;
  names: string[];
  counts: number[];
}

/** The letter of a side of a partition. */
export const sideName = (side: number) => `Side ${String.fromCharCode(65 + (side % 26))}`;

/** What a run's peers can be gathered by now. */
export function collapses(bench: Bench): Collapse[] {
  const out: Collapse[] = ["none"];
  if (bench.aggregated) return out;
  if (bench.communities.length > 1) out.push("community");
  if (sitesOf(bench.run.plan)) out.push("place");
  if (partitionAt(bench.run.plan, bench.now)) out.push("side");
  out.push("connected");
  return out;
}

/** The groups; null when there are none of this sort. */
export function grouping(bench: Bench, by: Collapse): Grouping | null {
  const { size } = bench.peers;
  if (by === "none") return null;
  if (by === "connected") return connected(bench.edges, size);
  const of = new Int32Array(size + 1).fill(-1);
  if (by === "community") {
    for (let peer = 1; peer <= size; peer++) of[peer] = bench.peers.communities(peer)[0] ?? -1;
    return counted(of, bench.communities);
  }
  if (by === "place") {
    const sites = sitesOf(bench.run.plan);
    if (!sites) return null;
    for (let peer = 1; peer <= size; peer++) of[peer] = (peer - 1) % sites.names.length;
    return counted(of, sites.names);
  }
  const groups = by === "side" ? partitionAt(bench.run.plan, bench.now) : null;
  const sides = groups && sidesOf(groups, size);
  if (!sides) return null;
  of.set(sides.of);
  return counted(
    of,
    sides.counts.map((_, side) => sideName(side)),
  );
}

function counted(of: Int32Array, names: readonly string[]): Grouping {
  const counts = names.map(() => 0);
  for (let peer = 1; peer < of.length; peer++) {
    const group = of[peer] ?? -1;
    if (group >= 0) counts[group] = (counts[group] ?? 0) + 1;
  }
  return { of, names: [...names], counts };
}

/** Peers between whom messages found a way, whatever the direction (union and find). */
export function connected(edges: Edges, size: number): Grouping {
  const root = Int32Array.from({ length: size + 1 }, (_, peer) => peer);
  const find = (peer: number): number => {
    let at = peer;
    while (root[at] !== at) {
      root[at] = root[root[at] ?? 0] ?? 0;
      at = root[at] ?? 0;
    }
    return at;
  };
  for (const { from, to, count, lost } of edges.list)
    if (from <= size && to <= size && count > lost) {
      const [a, b] = [find(from), find(to)];
      // The smallest number leads, so that a group keeps its place as it grows.
      if (a < b) root[b] = a;
      else root[a] = b;
    }
  const of = new Int32Array(size + 1).fill(-1);
  const names: string[] = [];
  for (let peer = 1; peer <= size; peer++) {
    const lead = find(peer);
    if (lead === peer) of[peer] = names.push(`With peer ${peer}`) - 1;
    else of[peer] = of[lead] ?? -1;
  }
  return counted(of, names);
}
