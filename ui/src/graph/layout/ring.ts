// Where peers stand before anything is known of who talks to whom.

/** Up to so many peers stand on one circle; more stand on several, one in the other. */
export const ONE_CIRCLE_MAX = 96;

/** The innermost circle's radius; the outermost one's is 1. */
const INNER = 0.3;

/** Positions (x, y, x, y, ...) of `count` peers on circles, first one on top, clockwise. */
export function circle(count: number): Float32Array {
  const out = new Float32Array(count * 2);
  if (count === 1) return out;
  let placed = 0;
  for (const { radius, room } of rings(count)) {
    const here = Math.min(room, count - placed);
    for (let i = 0; i < here; i++) {
      const angle = (i / here) * 2 * Math.PI - Math.PI / 2;
      out[2 * (placed + i)] = radius * Math.cos(angle);
      out[2 * (placed + i) + 1] = radius * Math.sin(angle);
    }
    placed += here;
  }
  return out;
}

function rings(count: number): { radius: number; room: number }[] {
  if (count <= ONE_CIRCLE_MAX) return [{ radius: 1, room: count }];
  let gap = Math.sqrt((Math.PI * (1 - INNER * INNER)) / count);
  for (;;) {
    const out: { radius: number; room: number }[] = [];
    let room = 0;
    for (let radius = 1; radius > INNER && room < count; radius -= gap) {
      const here = Math.floor((2 * Math.PI * radius) / gap);
      out.push({ radius, room: here });
      room += here;
    }
    if (room >= count) return out;
    gap *= 0.98;
  }
}

/** Positions of `count` groups on a square grid, row by row: neighbors in number stand together. */
export function grid(count: number): Float32Array {
  const columns = Math.max(1, Math.ceil(Math.sqrt(count * 1.5)));
  const rows = Math.ceil(count / columns);
  const out = new Float32Array(count * 2);
  const step = 2 / Math.max(columns, 2);
  for (let i = 0; i < count; i++) {
    out[2 * i] = ((i % columns) - (columns - 1) / 2) * step;
    out[2 * i + 1] = (Math.floor(i / columns) - (rows - 1) / 2) * step;
  }
  return out;
}

/** A typical distance between neighbors, in the picture's units: how large discs may be. */
export function spacing(points: Float32Array): number {
  const count = points.length / 2;
  if (count < 2) return 1;
  let [left, right, top, bottom] = [Infinity, -Infinity, Infinity, -Infinity];
  for (let i = 0; i < points.length; i += 2) {
    const x = points[i] ?? 0;
    const y = points[i + 1] ?? 0;
    left = Math.min(left, x);
    right = Math.max(right, x);
    top = Math.min(top, y);
    bottom = Math.max(bottom, y);
  }
  const area = Math.max(right - left, 1e-3) * Math.max(bottom - top, 1e-3);
  const even = Math.sqrt(area / count);
  // On one circle, neighbors are closer or farther than on a plain of the same size.
  const onCircle = (Math.PI * Math.max(right - left, bottom - top)) / count;
  return count <= ONE_CIRCLE_MAX ? Math.min(even, onCircle) : even;
}
