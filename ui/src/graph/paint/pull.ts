// The links that pull discs together in the force layout.

import type { Scene } from "./scene";

/** Links that the force layout takes in. */
const LINKS_MAX = 40_000;

/** Links (from, to, weight, ...), by index of disc; those between the same two are one. */
export function linksOf(scene: Scene): Float32Array {
  const weights = new Map<number, number>();
  const { count } = scene;
  for (const edge of scene.bench.edges.list) {
    const [a, b] = [scene.indexOf(edge.from), scene.indexOf(edge.to)];
    if (a < 0 || b < 0 || a === b) continue;
    const key = Math.min(a, b) * count + Math.max(a, b);
    const known = weights.get(key);
    if (known === undefined && weights.size >= LINKS_MAX) continue;
    weights.set(key, (known ?? 0) + edge.count);
  }
  const out = new Float32Array(3 * weights.size);
  let at = 0;
  for (const [key, weight] of weights) {
    out.set([Math.floor(key / count), key % count, Math.log2(1 + weight)], at);
    at += 3;
  }
  return out;
}
