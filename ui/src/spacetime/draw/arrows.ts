// Messages: arrows in the colours of their kinds; a lost one ends half-way with a cross.

import { inFuture, inPast } from "../cones";
import { type Frame, GUTTER_PX, top } from "../geometry";
import { type Line, lineOf } from "../hit";
import type { Arrow, Picture } from "../picture";
import { arrowColor, faded, type Look } from "./look";

/** With more arrows in sight than this, they have no heads. */
const HEADS_MAX = 900;
const HEAD_PX = 5;
const CROSS_PX = 3;

/** How a message stands to the chosen event, or to the chosen link; `none` when none is chosen. */
export type Side = "none" | "past" | "future" | "link" | "beside";

/** Did the message help to bring the event about, or follow from it? Did it go along the link? */
export function sideOf({ cones, link }: Pick<Look, "cones" | "link">, arrow: Arrow): Side {
  // A link is two peers; the page tells of both ways.
  if (!cones && link)
    return link.includes(arrow.from) && link.includes(arrow.to) ? "link" : "beside";
  if (!cones) return "none";
  // One that did not arrive brought nothing about.
  if (arrow.fate === "delivered" && inPast(cones, arrow.end ?? arrow.sent)) return "past";
  return inFuture(cones, arrow.sent) ? "future" : "beside";
}

interface Stroke {
  color: string;
  width: number;
  lines: Line[];
  heads: boolean;
  crossed: boolean;
  dashed: boolean;
}

/** Draws at most `max` of the arrows, evenly chosen; says how many were in sight and how many it drew. */
export function drawArrows(
  g: CanvasRenderingContext2D,
  frame: Frame,
  picture: Picture,
  look: Look,
  max: number,
): { seen: number; drawn: number } {
  const seen: [Arrow, Line][] = [];
  for (const arrow of picture.arrows) {
    if (look.hidden.has(arrow.kind)) continue;
    const line = lineOf(frame, arrow);
    if (line && inSight(frame, line)) seen.push([arrow, line]);
  }
  const every = Math.max(1, Math.ceil(seen.length / max));
  const strokes = gather(
    seen.filter((_, i) => i % every === 0),
    look,
    // A sample stands for many more.
    picture.density ? Math.max(seen.length, picture.of) : seen.length,
  );
  for (const stroke of strokes) drawStroke(g, stroke);
  return { seen: seen.length, drawn: Math.ceil(seen.length / every) };
}

function inSight(frame: Frame, [x0, y0, x1, y1]: Line): boolean {
  if (Math.max(x0, x1) < GUTTER_PX || Math.min(x0, x1) > frame.width) return false;
  return Math.max(y0, y1) >= top && Math.min(y0, y1) <= frame.height;
}

/** Lines of one look are drawn at once: a path for each costs many times as much. */
function gather(arrows: readonly [Arrow, Line][], look: Look, seen: number): Stroke[] {
  const strokes = new Map<string, Stroke>();
  const base = seen < 150 ? 0.85 : seen < 600 ? 0.6 : seen < 1500 ? 0.4 : seen < 5000 ? 0.25 : 0.16;
  for (const [arrow, line] of arrows) {
    const side = sideOf(look, arrow);
    const key = `${arrow.kind} ${arrow.fate} ${side}`;
    let stroke = strokes.get(key);
    if (!stroke) {
      stroke = strokeOf(arrow, side, look, base, seen);
      strokes.set(key, stroke);
    }
    stroke.lines.push(line);
  }
  // What belongs to the chosen event lies over what does not.
  return [...strokes.values()].sort((a, b) => a.width - b.width);
}

function strokeOf(arrow: Arrow, side: Side, look: Look, base: number, seen: number): Stroke {
  const lost = arrow.fate === "lost";
  const color = lost ? look.theme.low : arrowColor(look, arrow.kind);
  const alpha = side === "none" ? base * (lost ? 0.7 : 1) : side === "beside" ? base * 0.22 : 0.95;
  return {
    color: faded(color, alpha),
    width: side === "none" || side === "beside" ? 1 : 1.6,
    lines: [],
    heads: arrow.fate === "delivered" && seen <= HEADS_MAX,
    crossed: lost && seen <= HEADS_MAX * 2,
    // Its end is not known yet.
    dashed: arrow.fate === "under way",
  };
}

function drawStroke(g: CanvasRenderingContext2D, stroke: Stroke) {
  const { color, width, lines, heads, crossed, dashed } = stroke;
  g.strokeStyle = color;
  g.lineWidth = width;
  if (dashed) g.setLineDash([4, 4]);
  g.beginPath();
  for (const [x0, y0, x1, y1] of lines) {
    g.moveTo(x0, y0);
    g.lineTo(x1, y1);
  }
  if (crossed)
    for (const [, , x, y] of lines) {
      g.moveTo(x - CROSS_PX, y - CROSS_PX);
      g.lineTo(x + CROSS_PX, y + CROSS_PX);
      g.moveTo(x - CROSS_PX, y + CROSS_PX);
      g.lineTo(x + CROSS_PX, y - CROSS_PX);
    }
  g.stroke();
  g.setLineDash([]);
  if (!heads) return;
  g.fillStyle = color;
  g.beginPath();
  for (const line of lines) head(g, line);
  g.fill();
}

/** The head of an arrow, with its point on the receiver's line. */
export function head(g: CanvasRenderingContext2D, [x0, y0, x1, y1]: Line, size = HEAD_PX) {
  const length = Math.hypot(x1 - x0, y1 - y0);
  if (length < size * 1.5) return;
  const [ux, uy] = [(x1 - x0) / length, (y1 - y0) / length];
  const [bx, by] = [x1 - ux * size, y1 - uy * size];
  g.moveTo(x1, y1);
  g.lineTo(bx - uy * size * 0.45, by + ux * size * 0.45);
  g.lineTo(bx + uy * size * 0.45, by - ux * size * 0.45);
  g.closePath();
}
