// What concerns the whole run, as flags above the rows with their words: faults of the network, and
// properties that did not hold.

import type { LogLine } from "../../api/types";
import { AXIS_PX, type Frame, top, xOf } from "../geometry";
import { flags } from "../landmarks";
import { faded, fitted, type Look, SMALL_FONT } from "./look";
import { hexagon } from "./shapes";

/** Half the width of a flag, and the space before its words. */
const FLAG_PX = 6;
const WORDS_PX = 8;
/** A flag with less room than this to its right has its words to its left. */
const ROOM_PX_MIN = 90;
/** How near to a flag is on it. */
const REACH_PX = 7;

/** A flag in sight, with its words and where they stand. */
interface Placed {
  event: LogLine;
  x: number;
  words: string;
  left: boolean;
}

/** Draws each as a line through all rows, its words above, as far as the next one leaves room. */
export function drawFlags(g: CanvasRenderingContext2D, frame: Frame, look: Look) {
  const { theme } = look;
  g.font = SMALL_FONT;
  g.textBaseline = "middle";
  g.lineWidth = 1;
  for (const { event, x, words, left } of placed(g, frame, look)) {
    const color = event.kind === "violated" ? theme.violation : theme.low;
    g.strokeStyle = faded(color, 0.75);
    g.setLineDash([5, 4]);
    g.beginPath();
    g.moveTo(Math.round(x) + 0.5, AXIS_PX);
    g.lineTo(Math.round(x) + 0.5, frame.height);
    g.stroke();
    g.setLineDash([]);
    const y = AXIS_PX + WORDS_PX;
    if (event.kind === "violated") hexagon(g, x, y, FLAG_PX, theme.violation, theme.surface);
    else triangle(g, x, y, color);
    g.fillStyle = color;
    g.textAlign = left ? "right" : "left";
    if (words) g.fillText(words, left ? x - WORDS_PX : x + WORDS_PX, y);
  }
}

/** The flags in sight from left to right. A property that did not hold is said before any fault. */
function placed(g: CanvasRenderingContext2D, frame: Frame, look: Look): Placed[] {
  const [from, to] = frame.span;
  const seen = flags(look.landmarks).filter(({ t }) => t >= from && t <= to);
  const out = seen.map((event): Placed => {
    const x = xOf(frame, event.t);
    const left = event.kind === "violated" && frame.width - x < ROOM_PX_MIN;
    return { event, x, words: "", left };
  });
  for (const [i, flag] of out.entries()) {
    const words = wordsOf(flag.event);
    const before = out[i - 1]?.x ?? 0;
    const after = out.slice(i + 1).find((next) => next.x > flag.x);
    if (flag.left) flag.words = fitted(g, words, flag.x - before - 2 * WORDS_PX);
    else {
      // Words to the left of the next flag need that room themselves.
      const taken = after?.left ? g.measureText(wordsOf(after.event)).width + WORDS_PX : 0;
      const room = (after?.x ?? frame.width) - taken - flag.x - 14;
      flag.words = fitted(g, words, room);
    }
  }
  return out;
}

function wordsOf({ kind, name, text }: LogLine): string {
  if (kind !== "violated") return text || name;
  return [name, text].filter(Boolean).join(": ");
}

/** A triangle, as on the timeline. */
function triangle(g: CanvasRenderingContext2D, x: number, y: number, color: string) {
  g.fillStyle = color;
  g.beginPath();
  g.moveTo(x, y - 4);
  g.lineTo(x + 5, y + 4);
  g.lineTo(x - 5, y + 4);
  g.fill();
}

/** The event whose flag is at a place; of several, the one on top. */
export function flagAt(look: Look, frame: Frame, x: number, y: number): LogLine | null {
  if (y < AXIS_PX || y >= top) return null;
  const near = flags(look.landmarks).filter(({ t }) => Math.abs(xOf(frame, t) - x) <= REACH_PX);
  return near.at(-1) ?? null;
}
