// With whom a peer exchanged how much, from the links seen.

import type { Edge } from "../model/edges";

export interface Partner {
  peer: number;
  count: number;
  bytes: number;
  lost: number;
}

/** The peers that `id` sent to and heard from, most messages first. */
export function partners(edges: readonly Edge[], id: number): { to: Partner[]; from: Partner[] } {
  const to = new Map<number, Partner>();
  const from = new Map<number, Partner>();
  for (const edge of edges) {
    if (edge.from === id) add(to, edge.to, edge);
    if (edge.to === id) add(from, edge.from, edge);
  }
  return { to: ranked(to), from: ranked(from) };
}

function add(into: Map<number, Partner>, peer: number, edge: Edge): void {
  const partner = into.get(peer) ?? { peer, count: 0, bytes: 0, lost: 0 };
  partner.count += edge.count;
  partner.bytes += edge.bytes;
  partner.lost += edge.lost;
  into.set(peer, partner);
}

function ranked(of: Map<number, Partner>): Partner[] {
  return [...of.values()].sort((a, b) => b.count - a.count || a.peer - b.peer);
}
