// The order of the peers in their table.

import type { Bench } from "../model/run";

/** A column: the peer's number, its status, or a target by its index. */
export type Column = "peer" | "status" | number;

export interface Order {
  by: Column;
  down: boolean;
}

/** The peers in the wished order; equal ones by number. */
export function sorted(bench: Bench, { by, down }: Order): Uint32Array {
  const { peers } = bench;
  const ids = Uint32Array.from({ length: peers.size }, (_, i) => i + 1);
  const sign = down ? -1 : 1;
  if (by === "peer") return down ? ids.reverse() : ids;
  const key =
    by === "status"
      ? (id: number) => (peers.status[id] ?? 0) * 2 + (peers.done[id] ?? 0)
      : (id: number) => share(bench, id, by);
  const keys = Float64Array.from({ length: peers.size + 1 }, (_, id) => (id === 0 ? 0 : key(id)));
  return ids.sort((a, b) => sign * ((keys[a] ?? 0) - (keys[b] ?? 0)) || a - b);
}

function share(bench: Bench, id: number, target: number): number {
  const cell = bench.peers.targets(id).find(([index]) => index === target);
  if (!cell) return -1;
  return cell[2] > 0 ? cell[1] / cell[2] : 1;
}
