// Places peers around the groups they belong to, and keeps groups apart.

import { GOLDEN, sunflower } from "./places";

/** Of the distance between the closest two middles, the share that the peers of one may fill. */
const FILL = 0.42;
const RADIUS_MIN = 0.05;

/** Places each list of indices in a circle around its middle. */
export function around(
  middles: Float32Array,
  lists: readonly (readonly number[])[],
  out: Float32Array,
): void {
  const radius = Math.max(RADIUS_MIN, closest(middles) * FILL);
  for (const [m, indices] of lists.entries()) {
    const [x, y] = [middles[2 * m] ?? 0, middles[2 * m + 1] ?? 0];
    const spots = sunflower(indices.length, x, y, radius);
    for (const [i, index] of indices.entries())
      out.set([spots[2 * i] ?? 0, spots[2 * i + 1] ?? 0], 2 * index);
  }
}

/** The least distance between two of the points; 1 for a single one. */
function closest(points: Float32Array): number {
  let least = Infinity;
  for (let a = 0; a < points.length; a += 2)
    for (let b = a + 2; b < points.length; b += 2) least = Math.min(least, distance(points, a, b));
  return Number.isFinite(least) ? least : 1;
}

function distance(points: Float32Array, a: number, b: number): number {
  return Math.hypot(
    (points[a] ?? 0) - (points[b] ?? 0),
    (points[a + 1] ?? 0) - (points[b + 1] ?? 0),
  );
}

/** Rounds of pushing; few points lie on each other to begin with. */
const ROUNDS = 60;

/** Pushes points apart that are closer than `least`. */
export function apart(points: Float32Array, least: number): Float32Array {
  for (let round = 0; round < ROUNDS; round++)
    for (let a = 0; a < points.length; a += 2)
      for (let b = a + 2; b < points.length; b += 2) push(points, a, b, least);
  return points;
}

function push(points: Float32Array, a: number, b: number, least: number): void {
  const d = distance(points, a, b);
  if (d >= least) return;
  const [dx, dy] = [
    (points[b] ?? 0) - (points[a] ?? 0),
    (points[b + 1] ?? 0) - (points[a + 1] ?? 0),
  ];
  // Points on the very same spot part in a direction that is the same each time.
  const angle = d > 1e-6 ? Math.atan2(dy, dx) : (a + b) * GOLDEN;
  const by = (least - d) / 2;
  points[a] = (points[a] ?? 0) - Math.cos(angle) * by;
  points[a + 1] = (points[a + 1] ?? 0) - Math.sin(angle) * by;
  points[b] = (points[b] ?? 0) + Math.cos(angle) * by;
  points[b + 1] = (points[b + 1] ?? 0) + Math.sin(angle) * by;
}
