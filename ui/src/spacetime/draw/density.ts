// Too many events to draw one by one: each row shows how many there are in each column of time.

import { type Frame, GUTTER_PX, xOf, yOf } from "../geometry";
import type { Picture } from "../picture";
import { rowsInSight } from "./lanes";
import { faded, type Look } from "./look";

/** Draws a bar a column: its height is the logarithm of the count. */
export function drawDensity(
  g: CanvasRenderingContext2D,
  frame: Frame,
  picture: Picture,
  look: Look,
) {
  const { density } = picture;
  if (!density) return;
  const [first, last] = rowsInSight(frame, picture.peers.length);
  const step = (picture.to - picture.from) / density.columns;
  const wide = Math.max(1, xOf(frame, picture.from + step) - xOf(frame, picture.from));
  const scale = (frame.row * 0.8) / Math.log1p(density.peak);
  g.fillStyle = faded(look.theme.quiet, look.cones ? 0.3 : 0.5);
  g.beginPath();
  for (let row = first; row < last; row++) {
    const y = yOf(frame, row) + frame.row * 0.4;
    const counts = density.rows[row] ?? [];
    for (let i = 0; i < counts.length; i++) {
      const x = xOf(frame, picture.from + i * step);
      const count = counts[i] ?? 0;
      if (count === 0 || x + wide < GUTTER_PX || x > frame.width) continue;
      const high = Math.max(1, Math.log1p(count) * scale);
      g.rect(x, y - high, wide, high);
    }
  }
  g.fill();
}

/** How many events a column of a row holds, and its span; null outside. */
export function countAt(
  picture: Picture,
  row: number,
  t: number,
): { count: number; from: number; to: number } | null {
  const { density, from, to } = picture;
  const counts = density?.rows[row];
  if (!density || !counts || t < from || t >= to) return null;
  const step = (to - from) / density.columns;
  const column = Math.floor((t - from) / step);
  const begin = from + column * step;
  return { count: counts[column] ?? 0, from: begin, to: begin + step };
}
