// The rows: a line for each peer's time, broken while it is down, hatched while it is paused, with its
// name at the left and the cones' tints behind it.

import { reaches } from "../cones";
import { type Frame, GUTTER_PX, type Span, top, xOf, yOf } from "../geometry";
import type { Picture } from "../picture";
import { faded, fitted, LABEL_FONT, type Look, SMALL_FONT } from "./look";

/** Rows in sight, first and one past the last. */
export function rowsInSight(frame: Frame, rows: number): [number, number] {
  const first = Math.max(0, Math.floor(frame.scroll / frame.row));
  const last = Math.ceil((frame.scroll + frame.height - top) / frame.row);
  return [first, Math.min(rows, last)];
}

/** Tints the part of each row that led to the event, and the part that followed. */
export function drawCones(g: CanvasRenderingContext2D, frame: Frame, picture: Picture, look: Look) {
  const { cones, theme } = look;
  if (!cones) return;
  const [first, last] = rowsInSight(frame, picture.peers.length);
  const all = reaches(cones, picture);
  for (let row = first; row < last; row++) {
    const reach = all[row];
    if (!reach) continue;
    const y = yOf(frame, row) - frame.row / 2;
    if (reach.past !== null) {
      g.fillStyle = faded(theme.past, 0.16);
      const x = Math.min(frame.width, xOf(frame, reach.past));
      if (x > GUTTER_PX) g.fillRect(GUTTER_PX, y, x - GUTTER_PX, frame.row);
    }
    if (reach.future !== null) {
      g.fillStyle = faded(theme.future, 0.16);
      const x = Math.max(GUTTER_PX, xOf(frame, reach.future));
      if (x < frame.width) g.fillRect(x, y, frame.width - x, frame.row);
    }
  }
}

/** Draws the line of each row in sight. */
export function drawLanes(g: CanvasRenderingContext2D, frame: Frame, picture: Picture, look: Look) {
  const [first, last] = rowsInSight(frame, picture.peers.length);
  g.lineWidth = 1;
  for (let row = first; row < last; row++) {
    const peer = picture.peers[row] ?? 0;
    const y = Math.round(yOf(frame, row)) + 0.5;
    const down = look.landmarks.down.get(peer) ?? [];
    g.strokeStyle = peer === look.peer ? look.theme.accent : faded(look.theme.quiet, 0.32);
    for (const [from, to] of between(frame.span, down)) line(g, frame, y, from, to);
    g.strokeStyle = faded(look.theme.low, 0.7);
    g.setLineDash([2, 5]);
    for (const [from, to] of down) line(g, frame, y, from, to);
    g.setLineDash([]);
    for (const span of look.landmarks.paused.get(peer) ?? []) hatch(g, frame, y, span, look);
  }
}

function line(g: CanvasRenderingContext2D, frame: Frame, y: number, from: number, to: number) {
  const x0 = Math.max(GUTTER_PX, xOf(frame, Math.max(from, frame.span[0])));
  const x1 = Math.min(frame.width, xOf(frame, Math.min(to, frame.span[1] * 2)));
  if (x1 <= x0) return;
  g.beginPath();
  g.moveTo(x0, y);
  g.lineTo(x1, y);
  g.stroke();
}

/** What is left of a span without others: when a peer was up. */
function between(whole: Span, gaps: readonly Span[]): Span[] {
  const out: Span[] = [];
  let from = 0;
  for (const [start, end] of gaps) {
    if (start > from) out.push([from, start]);
    from = Math.max(from, end);
  }
  if (from < whole[1] * 2) out.push([from, whole[1] * 2]);
  return out;
}

/** A paused peer's line becomes a bar with strokes across. */
function hatch(g: CanvasRenderingContext2D, frame: Frame, y: number, span: Span, look: Look) {
  const x0 = Math.max(GUTTER_PX, xOf(frame, span[0]));
  const x1 = Math.min(frame.width, xOf(frame, Math.min(span[1], frame.span[1] * 2)));
  if (x1 <= x0) return;
  const high = Math.min(8, frame.row - 4);
  g.fillStyle = faded(look.theme.middle, 0.25);
  g.fillRect(x0, y - high / 2, x1 - x0, high);
  g.strokeStyle = look.theme.middle;
  g.beginPath();
  for (let x = x0 + 3; x < x1; x += 6) {
    g.moveTo(x, y + high / 2);
    g.lineTo(x + 3, y - high / 2);
  }
  g.stroke();
}

/** Draws the peers' names over whatever came too far to the left. */
export function drawNames(g: CanvasRenderingContext2D, frame: Frame, picture: Picture, look: Look) {
  const { theme } = look;
  g.fillStyle = theme.paper;
  g.fillRect(0, top, GUTTER_PX - 1, frame.height - top);
  g.fillStyle = theme.line;
  g.fillRect(GUTTER_PX - 1, 0, 1, frame.height);
  const [first, last] = rowsInSight(frame, picture.peers.length);
  g.font = frame.row < 14 ? SMALL_FONT : LABEL_FONT;
  g.textAlign = "right";
  g.textBaseline = "middle";
  for (let row = first; row < last; row++) {
    const peer = picture.peers[row] ?? 0;
    const y = yOf(frame, row);
    if (y < top + 5) continue;
    const chosen = peer === look.peer;
    g.fillStyle = chosen ? theme.accent : theme.ink;
    const pin = look.pinned.has(peer) ? "• " : "";
    g.fillText(pin + fitted(g, look.label(peer), GUTTER_PX - 22), GUTTER_PX - 10, y);
    if (!chosen) continue;
    g.fillRect(0, y - frame.row / 2, 3, frame.row);
  }
}
