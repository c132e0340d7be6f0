// The times along the top, and the faults of the whole network as lines with their words.

import { AXIS_PX, type Frame, GUTTER_PX, ticks, tickText, top, xOf } from "../geometry";
import { faded, fitted, type Look, SMALL_FONT } from "./look";

/** Draws the lines that stand at round times. */
export function drawGrid(g: CanvasRenderingContext2D, frame: Frame, look: Look) {
  g.fillStyle = faded(look.theme.line, 0.6);
  for (const t of ticks(frame).at) {
    const x = Math.round(xOf(frame, t));
    if (x > GUTTER_PX) g.fillRect(x, top, 1, frame.height - top);
  }
}

/** Draws the times, over whatever came too far up. */
export function drawAxis(g: CanvasRenderingContext2D, frame: Frame, look: Look) {
  const { theme } = look;
  g.fillStyle = theme.paper;
  g.fillRect(0, 0, frame.width, top);
  g.fillStyle = theme.line;
  g.fillRect(0, top - 1, frame.width, 1);
  g.font = SMALL_FONT;
  g.textAlign = "left";
  g.textBaseline = "middle";
  const { step, at } = ticks(frame);
  for (const t of at) {
    const x = Math.round(xOf(frame, t));
    g.fillStyle = theme.line;
    g.fillRect(x, 0, 1, AXIS_PX - 4);
    const text = tickText(t, step, frame.span[1]);
    if (x + 4 + g.measureText(text).width > frame.width) continue;
    g.fillStyle = theme.quiet;
    g.fillText(text, x + 4, AXIS_PX / 2 - 1);
  }
}

/** Draws each fault as a line through all rows, its words above, as far as the next one leaves room. */
export function drawFaults(g: CanvasRenderingContext2D, frame: Frame, look: Look) {
  const { theme } = look;
  const faults = look.landmarks.faults.filter((f) => f.t >= frame.span[0] && f.t <= frame.span[1]);
  g.strokeStyle = faded(theme.low, 0.75);
  g.lineWidth = 1;
  g.setLineDash([5, 4]);
  g.beginPath();
  for (const fault of faults) {
    const x = Math.round(xOf(frame, fault.t)) + 0.5;
    g.moveTo(x, AXIS_PX);
    g.lineTo(x, frame.height);
  }
  g.stroke();
  g.setLineDash([]);
  g.font = SMALL_FONT;
  g.textAlign = "left";
  g.textBaseline = "middle";
  for (const [i, fault] of faults.entries()) {
    const x = xOf(frame, fault.t);
    const next = faults[i + 1];
    const room = (next ? xOf(frame, next.t) : frame.width) - x - 14;
    g.fillStyle = theme.low;
    flag(g, x, AXIS_PX + 8);
    const words = fitted(g, fault.text || fault.name, room);
    if (words) g.fillText(words, x + 8, AXIS_PX + 8);
  }
}

/** A triangle, as on the timeline. */
function flag(g: CanvasRenderingContext2D, x: number, y: number) {
  g.beginPath();
  g.moveTo(x, y - 4);
  g.lineTo(x + 5, y + 4);
  g.lineTo(x - 5, y + 4);
  g.fill();
}
