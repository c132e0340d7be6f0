// Draws what lies over the discs: numbers inside them, captions beside them, rings around those chosen.

import type { Discs } from "./discs";
import type { Scene } from "./scene";
import type { Pen } from "./strokes";

/** From this radius on, pixels, there is room for the number inside. */
const NUMBER_RADIUS = 9;
const FONT = "system-ui, sans-serif";

type Point = [number, number];
type Side = "left" | "right" | "above" | "below";

/** What marks are drawn over. */
export interface Ground {
  scene: Scene;
  /** Discs in sight. */
  visible: readonly number[];
  /** Where a disc is on the screen, and how large. */
  at: (index: number) => Point;
  radius: (index: number) => number;
  palette: Discs["palette"];
}

/** Draws a ring around a disc. */
export function halo(g: Pen, at: Point, radius: number, color: string, wide = 2): void {
  g.strokeStyle = color;
  g.lineWidth = wide;
  g.beginPath();
  g.arc(at[0], at[1], radius, 0, 2 * Math.PI);
  g.stroke();
}

/** Writes each disc's number, or count of peers, inside it. */
export function numbers(g: Pen, { scene, visible, at, radius, palette }: Ground): void {
  g.textAlign = "center";
  g.textBaseline = "middle";
  g.fillStyle = palette.ink;
  for (const i of visible) {
    const room = radius(i);
    if (room < NUMBER_RADIUS) continue;
    const short = scene.short(i);
    const size = Math.min(13, (room * 2.2) / Math.max(2, short.length));
    if (size < 6) continue;
    g.font = `600 ${size}px ${FONT}`;
    const [x, y] = at(i);
    g.fillText(short, x, y + 0.5);
  }
}

/** A caption, where it is written, and the room that it takes: left, top, right, bottom. */
interface Caption {
  text: string;
  x: number;
  y: number;
  side: Side;
  box: [number, number, number, number];
}

/** Writes captions beside the discs, away from the middle of them all; none over another or a disc. */
export function captions(g: Pen, ground: Ground): void {
  const { scene, visible, at, palette } = ground;
  g.font = `11px ${FONT}`;
  g.lineWidth = 3;
  g.lineJoin = "round";
  g.strokeStyle = palette.paper;
  g.fillStyle = palette.ink;
  const middle = middleOf(visible.map(at));
  const taken = visible.map((i): Caption["box"] => {
    const [[x, y], r] = [at(i), ground.radius(i)];
    return [x - r, y - r, x + r, y + r];
  });
  for (const i of visible) {
    const caption = captionOf(scene.caption(i), at(i), ground.radius(i), middle, g);
    if (taken.some((other) => overlap(other, caption.box))) continue;
    taken.push(caption.box);
    g.textAlign = caption.side === "left" ? "right" : caption.side === "right" ? "left" : "center";
    g.textBaseline = "middle";
    g.strokeText(caption.text, caption.x, caption.y);
    g.fillText(caption.text, caption.x, caption.y);
  }
}

const LINE_PX = 12;

function captionOf(
  text: string,
  [x, y]: Point,
  radius: number,
  [cx, cy, reach]: [number, number, number],
  g: Pen,
): Caption {
  const side = sideOf((x - cx) / reach, (y - cy) / reach);
  const wide = g.measureText(text).width;
  const dx = side === "left" ? -radius - 7 : side === "right" ? radius + 7 : 0;
  const dy = side === "above" ? -radius - 10 : side === "below" ? radius + 12 : 0;
  const left = side === "left" ? x + dx - wide : side === "right" ? x + dx : x - wide / 2;
  const top = y + dy - LINE_PX / 2;
  return { text, x: x + dx, y: y + dy, side, box: [left, top, left + wide, top + LINE_PX] };
}

function overlap(a: Caption["box"], b: Caption["box"]): boolean {
  return a[0] < b[2] && b[0] < a[2] && a[1] < b[3] && b[1] < a[3];
}

/** The middle of the discs in sight, and how far they reach from it. */
function middleOf(places: readonly Point[]): [number, number, number] {
  const count = Math.max(1, places.length);
  const cx = places.reduce((sum, [x]) => sum + x, 0) / count;
  const cy = places.reduce((sum, [, y]) => sum + y, 0) / count;
  const reach = places.reduce((most, [x, y]) => Math.max(most, Math.hypot(x - cx, y - cy)), 1);
  return [cx, cy, reach];
}

/** On which side of a disc there is most room for its caption: away from the middle, if far out. */
function sideOf(dx: number, dy: number): Side {
  if (Math.hypot(dx, dy) < 0.6) return "below";
  if (Math.abs(dx) > Math.abs(dy) * 0.35) return dx < 0 ? "left" : "right";
  return dy < 0 ? "above" : "below";
}

/** Names of places or groups, in the middle of their peers. */
export function placeNames(g: Pen, names: readonly [string, Point][], color: string): void {
  g.font = `600 12px ${FONT}`;
  g.textAlign = "center";
  g.textBaseline = "bottom";
  g.fillStyle = color;
  for (const [name, [x, y]] of names) g.fillText(name, x, y);
}
