// The times along the top, and a line through all rows at each of them.

import { AXIS_PX, type Frame, GUTTER_PX, ticks, tickText, top, xOf } from "../geometry";
import { faded, type Look, SMALL_FONT } from "./look";

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
