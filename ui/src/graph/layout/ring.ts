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

/** Points whose nearest neighbor is looked for; enough to know what is typical. */
const SAMPLES = 96;

/** In a picture without order, so many may stand closer than is typical: they touch. Few are told apart. */
const CROWDED = 0.8;
const CROWDED_FEW = 0.6;
const FEW = 120;

/** A typical distance between neighbors, in the picture's units: how large discs may be. */
export function spacing(points: Float32Array): number {
  const count = points.length / 2;
  if (count < 2) return 1;
  const step = Math.max(1, Math.floor(count / SAMPLES));
  const found: number[] = [];
  for (let i = 0; i < count; i += step) found.push(nearestTo(points, i));
  found.sort((a, b) => a - b);
  const share = count <= FEW ? CROWDED_FEW : CROWDED;
  return Math.max(1e-4, found[Math.floor(found.length * share)] ?? 1);
}

function nearestTo(points: Float32Array, index: number): number {
  const [x, y] = [points[2 * index] ?? 0, points[2 * index + 1] ?? 0];
  let best = Infinity;
  for (let i = 0; i < points.length; i += 2) {
    const [dx, dy] = [(points[i] ?? 0) - x, (points[i + 1] ?? 0) - y];
    const d = dx * dx + dy * dy;
    if (d < best && i !== 2 * index) best = d;
  }
  return Math.sqrt(best);
}
