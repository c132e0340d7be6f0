// What is under the pointer: the nearest event within reach, else an arrow, else a place on a row.

import type { LogLine } from "../api/types";
import { type Frame, rowAt, secondsPerPixel, timeAt, xOf, yOf } from "./geometry";
import type { Arrow, Mark, Picture } from "./picture";

/** How near is near, pixels. */
const EVENT_PX = 7;
const ARROW_PX = 5;

export type Hit =
  | { at: "event"; mark: Mark }
  | { at: "arrow"; arrow: Arrow }
  /** What concerns the whole run. */
  | { at: "flag"; event: LogLine }
  | { at: "row"; row: number; peer: number; t: number }
  | { at: "nothing"; t: number };

/** The event that stands for what was hit: of a message, the one at its end. */
export function eventOf(hit: Hit | null): string | null {
  if (hit?.at === "event") return hit.mark.event.id;
  if (hit?.at === "flag") return hit.event.id;
  if (hit?.at === "arrow") return hit.arrow.end ?? hit.arrow.sent;
  return null;
}

/** Finds it. Arrows whose kind is hidden are not there. */
export function hit(
  picture: Picture,
  frame: Frame,
  x: number,
  y: number,
  hidden: ReadonlySet<number>,
): Hit {
  const mark = nearestMark(picture, frame, x, y);
  if (mark) return { at: "event", mark };
  const arrow = nearestArrow(picture, frame, x, y, hidden);
  if (arrow) return { at: "arrow", arrow };
  const t = timeAt(frame, x);
  const row = rowAt(frame, y);
  const peer = picture.peers[row];
  return peer === undefined ? { at: "nothing", t } : { at: "row", row, peer, t };
}

function nearestMark(picture: Picture, frame: Frame, x: number, y: number): Mark | null {
  const reach = secondsPerPixel(frame) * EVENT_PX;
  const t = timeAt(frame, x);
  let best = EVENT_PX ** 2;
  let found: Mark | null = null;
  for (const row of [rowAt(frame, y) - 1, rowAt(frame, y), rowAt(frame, y) + 1]) {
    const marks = picture.byRow[row];
    const dy = y - yOf(frame, row);
    if (!marks || Math.abs(dy) > EVENT_PX) continue;
    for (let i = firstFrom(marks, t - reach); i < marks.length; i++) {
      const mark = marks[i];
      if (!mark || mark.event.t > t + reach) break;
      const d = (x - xOf(frame, mark.event.t)) ** 2 + dy * dy;
      // Of those that coincide, the one that happened last lies on top.
      if (d <= best) {
        best = d;
        found = mark;
      }
    }
  }
  return found;
}

/** The first of a row's marks at or after a moment. */
export function firstFrom(marks: readonly Mark[], t: number): number {
  let [low, high] = [0, marks.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((marks[middle]?.event.t ?? 0) < t) low = middle + 1;
    else high = middle;
  }
  return low;
}

function nearestArrow(
  picture: Picture,
  frame: Frame,
  x: number,
  y: number,
  hidden: ReadonlySet<number>,
): Arrow | null {
  let best = ARROW_PX ** 2;
  let found: Arrow | null = null;
  for (const arrow of picture.arrows) {
    if (hidden.has(arrow.kind)) continue;
    const line = lineOf(frame, arrow);
    if (!line) continue;
    const d = distance2(x, y, line);
    if (d < best) {
      best = d;
      found = arrow;
    }
  }
  return found;
}

export type Line = readonly [x0: number, y0: number, x1: number, y1: number];

/** How far a message to a peer without a row is drawn, rows. */
const STUB_ROWS = 0.42;

/** Where an arrow is drawn; null when neither of its ends has a row. */
export function lineOf(frame: Frame, arrow: Arrow): Line | null {
  const { fromRow, toRow, t0, t1 } = arrow;
  if (fromRow < 0 && toRow < 0) return null;
  const x0 = xOf(frame, t0);
  const x1 = xOf(frame, t1);
  // A partner without a row is somewhere below: a stub says so.
  if (toRow < 0) return [x0, yOf(frame, fromRow), x0 + 6, yOf(frame, fromRow + STUB_ROWS)];
  if (fromRow < 0) return [x1 - 6, yOf(frame, toRow - STUB_ROWS), x1, yOf(frame, toRow)];
  const y0 = yOf(frame, fromRow);
  const y1 = yOf(frame, toRow);
  if (arrow.fate === "delivered") return [x0, y0, x1, y1];
  return [x0, y0, (x0 + x1) / 2, (y0 + y1) / 2];
}

function distance2(x: number, y: number, [x0, y0, x1, y1]: Line): number {
  const [dx, dy] = [x1 - x0, y1 - y0];
  const length2 = dx * dx + dy * dy;
  const share = length2 === 0 ? 0 : ((x - x0) * dx + (y - y0) * dy) / length2;
  const s = Math.max(0, Math.min(1, share));
  return (x - x0 - s * dx) ** 2 + (y - y0 - s * dy) ** 2;
}
