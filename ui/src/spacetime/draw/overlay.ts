// What moves over the diagram: the cursor, what is under the pointer, the selected event, the path that
// led to it, and what a search has found.

import type { LogLine } from "../../api/types";
import { AXIS_PX, type Frame, GUTTER_PX, ticks, tickText, top, xOf, yOf } from "../geometry";
import { type Hit, lineOf } from "../hit";
import type { Picture } from "../picture";
import { head } from "./arrows";
import { faded, type Look, SMALL_FONT } from "./look";

export interface Overlay {
  /** The page's cursor, seconds. */
  cursor: number | null;
  hover: Hit | null;
  selected: LogLine | null;
  /** Causes from the root to the selected event. */
  path: readonly LogLine[];
  found: readonly LogLine[];
  /** The one of them that is looked at. */
  foundAt: string | null;
}

/** Draws it on a canvas of its own. */
export function drawOverlay(
  g: CanvasRenderingContext2D,
  frame: Frame,
  picture: Picture,
  look: Look,
  over: Overlay,
) {
  g.save();
  g.beginPath();
  g.rect(GUTTER_PX, 0, frame.width - GUTTER_PX, frame.height);
  g.clip();
  drawPath(g, frame, picture, look, over.path);
  drawFound(g, frame, picture, look, over);
  if (over.selected) circle(g, frame, picture, over.selected, look.theme.ink, 8);
  drawHover(g, frame, picture, look, over.hover);
  drawCursor(g, frame, look, over.cursor);
  g.restore();
}

function rowOf(picture: Picture, peer: number): number {
  return picture.rowOf.get(peer) ?? -1;
}

/** The chain of causes: along a peer's line, and across with each message. */
function drawPath(
  g: CanvasRenderingContext2D,
  frame: Frame,
  picture: Picture,
  look: Look,
  path: readonly LogLine[],
) {
  if (path.length < 2) return;
  g.strokeStyle = look.theme.ink;
  g.fillStyle = look.theme.ink;
  g.lineWidth = 2.5;
  for (const [i, event] of path.entries()) {
    const before = path[i - 1];
    const [from, to] = [rowOf(picture, before?.peer ?? 0), rowOf(picture, event.peer)];
    if (!before || from < 0 || to < 0) continue;
    const line = [
      xOf(frame, before.t),
      yOf(frame, from),
      xOf(frame, event.t),
      yOf(frame, to),
    ] as const;
    g.beginPath();
    g.moveTo(line[0], line[1]);
    g.lineTo(line[2], line[3]);
    g.stroke();
    if (from === to) continue;
    g.beginPath();
    head(g, line, 9);
    g.fill();
  }
}

function drawFound(
  g: CanvasRenderingContext2D,
  frame: Frame,
  picture: Picture,
  look: Look,
  { found, foundAt }: Overlay,
) {
  g.fillStyle = look.theme.accent;
  for (const event of found) {
    const x = xOf(frame, event.t);
    if (x < GUTTER_PX - 4 || x > frame.width + 4) continue;
    g.fillRect(x - 1, top - 6, 2, 5);
    circle(g, frame, picture, event, look.theme.accent, event.id === foundAt ? 8 : 4);
  }
  const at = found.find((event) => event.id === foundAt);
  if (!at) return;
  const x = xOf(frame, at.t);
  g.beginPath();
  g.moveTo(x, top - 1);
  g.lineTo(x - 5, top - 9);
  g.lineTo(x + 5, top - 9);
  g.fill();
}

function circle(
  g: CanvasRenderingContext2D,
  frame: Frame,
  picture: Picture,
  event: Pick<LogLine, "t" | "peer">,
  color: string,
  radius: number,
) {
  const row = rowOf(picture, event.peer);
  if (row < 0) return;
  g.strokeStyle = color;
  g.lineWidth = 2;
  g.beginPath();
  g.arc(xOf(frame, event.t), yOf(frame, row), radius, 0, 2 * Math.PI);
  g.stroke();
}

function drawHover(
  g: CanvasRenderingContext2D,
  frame: Frame,
  picture: Picture,
  look: Look,
  hover: Hit | null,
) {
  if (!hover) return;
  g.strokeStyle = look.theme.accent;
  g.fillStyle = look.theme.accent;
  if (hover.at === "event") {
    circle(g, frame, picture, hover.mark.event, look.theme.accent, 6.5);
    return;
  }
  if (hover.at === "arrow") {
    const line = lineOf(frame, hover.arrow);
    if (!line) return;
    g.lineWidth = 2.5;
    g.beginPath();
    g.moveTo(line[0], line[1]);
    g.lineTo(line[2], line[3]);
    g.stroke();
    if (hover.arrow.fate !== "delivered") return;
    g.beginPath();
    head(g, line, 8);
    g.fill();
    return;
  }
  // Where a click would put the cursor, or the moment of a flag.
  const t = hover.at === "flag" ? hover.event.t : hover.t;
  const x = Math.round(xOf(frame, t));
  g.fillStyle = faded(look.theme.accent, 0.4);
  g.fillRect(x, AXIS_PX, 1, frame.height - AXIS_PX);
  label(g, frame, look, t, x, look.theme.quiet);
}

function drawCursor(g: CanvasRenderingContext2D, frame: Frame, look: Look, cursor: number | null) {
  if (cursor === null || cursor < frame.span[0] || cursor > frame.span[1]) return;
  const x = Math.round(xOf(frame, cursor));
  g.fillStyle = look.theme.accent;
  g.fillRect(x - 1, AXIS_PX, 2, frame.height - AXIS_PX);
  label(g, frame, look, cursor, x, look.theme.accent);
}

/** A moment in words, on the axis. */
function label(
  g: CanvasRenderingContext2D,
  frame: Frame,
  look: Look,
  t: number,
  x: number,
  color: string,
) {
  g.font = SMALL_FONT;
  const text = tickText(t, ticks(frame).step / 100, frame.span[1]);
  const wide = g.measureText(text).width + 10;
  const left = Math.max(GUTTER_PX, Math.min(frame.width - wide, x - wide / 2));
  g.fillStyle = color;
  g.beginPath();
  g.roundRect(left, 1, wide, AXIS_PX - 4, 4);
  g.fill();
  g.fillStyle = look.theme.paper;
  g.textAlign = "left";
  g.textBaseline = "middle";
  g.fillText(text, left + 5, AXIS_PX / 2 - 1);
}
