// Peers where the network has them: the sites as far apart as their latency, each with its peers around.

import { type Sites, siteOf } from "../../model/places";
import { apart, around } from "./around";
import { scale } from "./mds";

/** A sunflower's angle: points that follow each other never line up. */
export const GOLDEN = Math.PI * (3 - Math.sqrt(5));

/** Positions within a circle around a point: even, dense, the same for the same count. */
export function sunflower(count: number, x: number, y: number, radius: number): Float32Array {
  const out = new Float32Array(2 * count);
  for (let i = 0; i < count; i++) {
    const far = count === 1 ? 0 : radius * Math.sqrt((i + 0.5) / count);
    out[2 * i] = x + far * Math.cos(i * GOLDEN);
    out[2 * i + 1] = y + far * Math.sin(i * GOLDEN);
  }
  return out;
}

/** Where the sites are: as far apart as their latency, and none on another. */
export function sitePoints(sites: Sites): Float32Array {
  const count = sites.names.length;
  return apart(scale(sites.latency, count), Math.min(0.35, 1.2 / Math.sqrt(count)));
}

/** Positions of these peers. */
export function geographic(sites: Sites, peers: ArrayLike<number>): Float32Array {
  const at: number[][] = sites.names.map(() => []);
  for (let i = 0; i < peers.length; i++) at[siteOf(sites, peers[i] ?? 1)]?.push(i);
  const out = new Float32Array(2 * peers.length);
  around(sitePoints(sites), at, out);
  return out;
}
