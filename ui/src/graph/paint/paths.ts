// Ways from peer to peer over the links seen.

import type { Edge } from "../../model/edges";

/** A way, and whether all its links go the way of the messages. */
export interface Path {
  peers: number[];
  forward: boolean;
}

/** The shortest way along the messages; when there is none, against some of them; null when there is none. */
export function shortest(edges: readonly Edge[], from: number, to: number): Path | null {
  const forward = search(edges, from, to, false);
  if (forward) return { peers: forward, forward: true };
  const any = search(edges, from, to, true);
  return any && { peers: any, forward: false };
}

/** Breadth first; among equally short ways, the one that was seen first. */
function search(edges: readonly Edge[], from: number, to: number, both: boolean): number[] | null {
  const next = new Map<number, number[]>();
  const join = (a: number, b: number) => {
    const list = next.get(a);
    if (list) list.push(b);
    else next.set(a, [b]);
  };
  for (const edge of edges) {
    if (edge.count <= edge.lost) continue;
    join(edge.from, edge.to);
    if (both) join(edge.to, edge.from);
  }
  const before = new Map<number, number>([[from, from]]);
  let ring = [from];
  while (ring.length > 0 && !before.has(to)) {
    const further: number[] = [];
    for (const peer of ring)
      for (const other of next.get(peer) ?? [])
        if (!before.has(other)) {
          before.set(other, peer);
          further.push(other);
        }
    ring = further;
  }
  return before.has(to) ? back(before, from, to) : null;
}

function back(before: ReadonlyMap<number, number>, from: number, to: number): number[] {
  const out = [to];
  for (let at = to; at !== from; out.unshift(at)) at = before.get(at) ?? from;
  return out;
}
