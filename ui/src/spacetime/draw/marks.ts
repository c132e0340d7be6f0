// Events on their peers' lines. Each kind has a shape of its own, so that nobody needs the colours.

import { type Frame, GUTTER_PX, secondsPerPixel, top, xOf, yOf } from "../geometry";
import { firstFrom } from "../hit";
import type { Mark, Picture } from "../picture";
import { rowsInSight } from "./lanes";
import { arrowColor, fitted, type Look, SMALL_FONT } from "./look";
import { check, diamond, dot, hexagon, ring, strokes, triangle } from "./shapes";

/** Marks of the same shape nearer to each other than this are one. */
const APART_PX = 2.5;
/** In rows this high, a state's flag stands above the line. */
const FLAG_ROW_PX = 34;
/** A state's name is written where it has so much room. */
const NAME_PX_MIN = 26;

type Shape =
  | "end"
  | "tick"
  | "progress"
  | "met"
  | "done"
  | "report"
  | "note"
  | "enter"
  | "cross"
  | "ring"
  | "start"
  | "stop"
  | "violated";

/** What an event looks like; null when it is not drawn. */
export function shapeOf(mark: Pick<Mark, "event">): Shape | null {
  const { kind, value = 0, goal = 0 } = mark.event;
  switch (kind) {
    case "sent":
    case "delivered":
    case "dropped":
      return "end";
    case "timer":
      return "tick";
    case "progress":
      return goal > 0 && value >= goal ? "met" : "progress";
    case "done":
      return "done";
    case "indicated":
      return "report";
    case "note":
    case "fault":
      return "note";
    case "entered":
      return "enter";
    case "crashed":
      return "cross";
    case "restarted":
      return "ring";
    case "started":
    case "joined":
      return "start";
    case "stopped":
      return "stop";
    case "violated":
      return "violated";
    default:
      return null;
  }
}

/** What is rare lies over what is common. */
const ORDER: readonly Shape[] = [
  ...(["end", "tick", "progress", "report", "start", "note", "enter"] as const),
  ...(["done", "met", "stop", "ring", "cross", "violated"] as const),
];

/** Draws the marks in sight. */
export function drawMarks(g: CanvasRenderingContext2D, frame: Frame, picture: Picture, look: Look) {
  const [first, last] = rowsInSight(frame, picture.peers.length);
  const layers = new Map<Shape, [Mark, number, number][]>();
  for (let row = first; row < last; row++)
    for (const [shape, mark, x] of visible(frame, picture, row, look)) {
      const layer = layers.get(shape) ?? [];
      layers.set(shape, layer);
      layer.push([mark, x, yOf(frame, row)]);
    }
  for (const shape of ORDER) drawLayer(g, shape, layers.get(shape) ?? [], look, frame);
}

function drawLayer(
  g: CanvasRenderingContext2D,
  shape: Shape,
  layer: readonly [Mark, number, number][],
  look: Look,
  frame: Frame,
) {
  for (const [i, [mark, x, y]] of layer.entries()) {
    const next = layer[i + 1];
    const end = next && next[0].row === mark.row ? next[1] : frame.width;
    drawShape(g, shape, mark, [x, y, end - x], look, frame);
  }
}

/** The marks of a row, without those that would lie on another of their shape. */
function* visible(
  frame: Frame,
  picture: Picture,
  row: number,
  look: Look,
): Generator<[Shape, Mark, number]> {
  const marks = picture.byRow[row] ?? [];
  const margin = secondsPerPixel(frame) * 8;
  const lastAt = new Map<Shape, number>();
  // Rows too low for the ends of arrows show them without.
  const ends = frame.row >= 14;
  for (let i = firstFrom(marks, frame.span[0] - margin); i < marks.length; i++) {
    const mark = marks[i];
    if (!mark || mark.event.t > frame.span[1] + margin) break;
    const shape = shapeOf(mark);
    if (!shape || (shape === "end" && (!ends || hides(mark, look)))) continue;
    const x = xOf(frame, mark.event.t);
    if (x - (lastAt.get(shape) ?? Number.NEGATIVE_INFINITY) < APART_PX) continue;
    lastAt.set(shape, x);
    yield [shape, mark, x];
  }
}

function hides(mark: Mark, look: Look): boolean {
  return look.hidden.size > 0 && look.hidden.has(look.kindOf(mark.event.name));
}

function drawShape(
  g: CanvasRenderingContext2D,
  shape: Shape,
  mark: Mark,
  [x, y, room]: [x: number, y: number, room: number],
  look: Look,
  frame: Frame,
) {
  const { theme } = look;
  const size = Math.max(3, Math.min(6, frame.row / 3.2));
  if (x < GUTTER_PX - size || y < top) return;
  switch (shape) {
    case "end":
      g.fillStyle = arrowColor(look, look.kindOf(mark.event.name));
      g.fillRect(x - 1.5, y - 1.5, 3, 3);
      return;
    case "tick":
      g.fillStyle = theme.quiet;
      return g.fillRect(x - 0.5, y, 1, size);
    case "progress":
      g.fillStyle = theme.high;
      return dot(g, x, y, size * 0.45);
    case "met":
      return diamond(g, x, y, size, theme.high, theme.surface);
    case "done":
      return check(g, x, y - size * 2, size * 0.8, theme.high);
    case "report":
      return triangle(g, x, y - 1, size * 0.8, theme.accent);
    case "note":
      g.strokeStyle = theme.middle;
      g.lineWidth = 1.2;
      g.fillStyle = theme.surface;
      g.fillRect(x - size / 2, y - size - 3, size, size);
      return g.strokeRect(x - size / 2, y - size - 3, size, size);
    case "enter":
      return state(g, mark, [x, y, room], look, frame);
    case "cross":
      strokes(g, theme.low, 2.2, [x - size, y - size, x + size, y + size]);
      return strokes(g, theme.low, 2.2, [x - size, y + size, x + size, y - size]);
    case "ring":
      return ring(g, x, y, size, theme.high, theme.surface);
    case "start":
      g.fillStyle = theme.quiet;
      return g.fillRect(x - 1, y - size * 0.8, 2, size * 1.6);
    case "stop":
      g.fillStyle = theme.quiet;
      return g.fillRect(x - size / 2, y - size / 2, size, size);
    case "violated":
      return hexagon(g, x, y, size + 2, theme.violation, theme.surface);
  }
}

/** A state that begins: a flag on the line, with the state's name while there is room. */
function state(
  g: CanvasRenderingContext2D,
  mark: Mark,
  [x, y, room]: [x: number, y: number, room: number],
  look: Look,
  frame: Frame,
) {
  const { theme } = look;
  const high = Math.min(13, frame.row - 2);
  g.font = SMALL_FONT;
  const text = frame.row >= 15 ? fitted(g, mark.event.name, room - 10) : "";
  const wide = text ? g.measureText(text).width + 8 : 4;
  if (text && wide < NAME_PX_MIN - 12) return;
  // Above the line where there is room, so that it covers nothing that happens at the same time.
  const middle = frame.row >= FLAG_ROW_PX ? y - 7 - high / 2 : y;
  g.fillStyle = theme.surface;
  g.strokeStyle = theme.quiet;
  g.lineWidth = 1;
  g.beginPath();
  g.moveTo(x, y);
  g.lineTo(x, middle);
  g.roundRect(x, middle - high / 2, wide, high, 3);
  g.fill();
  g.stroke();
  if (!text) return;
  g.fillStyle = theme.ink;
  g.textAlign = "left";
  g.textBaseline = "middle";
  g.fillText(text, x + 4, middle + 0.5);
}
