// Draws peers: a small disc with a ring gauge around it that fills as the targets do. Each look is
// drawn once and copied from then on, so that ten thousand peers cost ten thousand copies.

import { Status } from "../model/peers";
import { type Camera, type Size, toScreen } from "./camera";
import { type Palette, progressColor } from "./colors";
import type { Raster, Sprite } from "./raster";
import type { Look, Scene } from "./scene";

/** Steps of the gauge. */
const STEPS = 48;
/** From this radius on, pixels, there is room for the number inside. */
const NUMBER_RADIUS = 9;
/** From this radius on, there is room for the tick; below, done peers are filled. */
const TICK_RADIUS = 11;
/** From this radius on, there is room for a gauge; below, the colour alone tells. */
const GAUGE_RADIUS = 5;
const RADIUS_MIN = 1.6;
const RADIUS_MAX = 17;

/** Radius of a disc, from the distance between neighbors in pixels. */
export function radiusFor(spacing_px: number): number {
  return Math.min(RADIUS_MAX, Math.max(RADIUS_MIN, spacing_px * 0.3));
}

type Pen = OffscreenCanvasRenderingContext2D;

/** One look, ready-made: as a bitmap for a canvas and as pixels for a raster. */
interface Made {
  bitmap: ImageBitmap;
  sprite: Sprite;
}

/** Ready-made pictures of discs, for one radius, theme and screen. */
export class Discs {
  private readonly made = new Map<number, Made>();
  private readonly half: number;

  constructor(
    readonly radius: number,
    readonly palette: Palette,
    readonly ratio: number,
  ) {
    this.half = Math.ceil(radius + (radius < GAUGE_RADIUS ? 1 : 3));
  }

  /** Draws one disc with its middle at (x, y). */
  draw(g: CanvasRenderingContext2D, look: Look, x: number, y: number): void {
    const { bitmap } = this.of(look);
    g.drawImage(bitmap, x - this.half, y - this.half, this.half * 2, this.half * 2);
  }

  /** Draws one disc into memory. */
  raster(into: Raster, look: Look, x: number, y: number, alpha: number): void {
    into.blit(this.of(look).sprite, x * this.ratio, y * this.ratio, alpha);
  }

  private of(look: Look): Made {
    const step = look.progress < 0 ? -1 : Math.floor(look.progress * STEPS);
    const key = (step + 1) * 16 + look.status * 2 + (look.done ? 1 : 0);
    let made = this.made.get(key);
    if (!made) {
      made = this.make({ ...look, progress: step < 0 ? -1 : step / STEPS });
      this.made.set(key, made);
    }
    return made;
  }

  private make(look: Look): Made {
    const side = Math.ceil(this.half * 2 * this.ratio);
    const canvas = new OffscreenCanvas(side, side);
    const g = canvas.getContext("2d", { willReadFrequently: true });
    if (!g) throw new Error("this browser cannot draw in two dimensions");
    g.scale(this.ratio, this.ratio);
    g.translate(this.half, this.half);
    if (this.radius < GAUGE_RADIUS) this.dot(g, look);
    else this.gauge(g, look);
    const pixels = new Int32Array(g.getImageData(0, 0, side, side).data.buffer);
    return { bitmap: canvas.transferToImageBitmap(), sprite: { side, pixels } };
  }

  /** Too small for a gauge: the colour alone; what is not up is hollow. */
  private dot(g: Pen, look: Look): void {
    const { palette, radius } = this;
    const color = look.progress < 0 ? palette.quiet : progressColor(look.progress, palette);
    g.beginPath();
    g.arc(0, 0, radius, 0, 2 * Math.PI);
    if (look.status === Status.Up || look.status === Status.Stopped) {
      g.fillStyle = color;
      g.fill();
      return;
    }
    g.fillStyle = palette.surface;
    g.fill();
    g.strokeStyle = look.status === Status.Waiting ? palette.line : color;
    g.lineWidth = Math.max(0.8, radius / 3);
    g.stroke();
  }

  private gauge(g: Pen, look: Look): void {
    const { palette, radius } = this;
    const thick = Math.max(2, radius * 0.26);
    const rim = radius - thick / 2;
    const crashed = look.status === Status.Crashed;
    const waiting = look.status === Status.Waiting;
    disc(g, radius, palette.surface);
    g.lineWidth = thick;
    if (crashed) g.setLineDash([3, 3]);
    ring(g, rim, 0, 1, crashed ? palette.quiet : palette.line);
    g.setLineDash([]);
    if (look.progress > 0 && !crashed)
      ring(g, rim, 0, look.progress, progressColor(look.progress, palette));
    const color = progressColor(Math.max(0, look.progress), palette);
    // A quiet wash of the same hue, so that the whole is seen from afar.
    const wash = look.done && radius < TICK_RADIUS ? 0.4 : 0.16;
    if (look.progress >= 0 && !crashed && !waiting) disc(g, radius - thick, color, wash);
    if (look.status === Status.Paused) bars(g, radius);
    if (look.done) tick(g, radius, palette);
  }
}

function disc(g: Pen, radius: number, color: string, alpha = 1): void {
  g.globalAlpha = alpha;
  g.fillStyle = color;
  g.beginPath();
  g.arc(0, 0, radius, 0, 2 * Math.PI);
  g.fill();
  g.globalAlpha = 1;
}

function ring(g: Pen, radius: number, from: number, to: number, color: string) {
  g.strokeStyle = color;
  g.beginPath();
  g.arc(0, 0, radius, (from - 0.25) * 2 * Math.PI, (to - 0.25) * 2 * Math.PI);
  g.stroke();
}

/** A paused peer's sign, at its lower right. */
function bars(g: Pen, radius: number): void {
  const at = radius * 0.6;
  g.fillStyle = "#d9a441";
  g.fillRect(at, at - 1, 2.5, 7);
  g.fillRect(at + 4.5, at - 1, 2.5, 7);
}

/** A done peer's tick, at its lower right. */
function tick(g: Pen, radius: number, palette: Palette): void {
  if (radius < TICK_RADIUS) return;
  const at = radius * 0.7;
  const arm = Math.max(3, radius * 0.26);
  g.fillStyle = palette.high;
  g.beginPath();
  g.arc(at, at, arm + 1, 0, 2 * Math.PI);
  g.fill();
  g.strokeStyle = palette.surface;
  g.lineWidth = 1.4;
  g.beginPath();
  g.moveTo(at - arm * 0.5, at);
  g.lineTo(at - arm * 0.1, at + arm * 0.4);
  g.lineTo(at + arm * 0.55, at - arm * 0.4);
  g.stroke();
}

/** What is emphasised. */
export interface Emphasis {
  hover: number;
  selected: number;
  /** Write captions on all discs. */
  captions: boolean;
}

/** Draws all discs of a scene: into memory when there is a raster, else onto the canvas. */
export function drawDiscs(
  to: { g: CanvasRenderingContext2D; raster: Raster | null },
  scene: Scene,
  discs: Discs,
  camera: Camera,
  size: Size,
  lit: ReadonlySet<number> | null,
): number[] {
  const margin = discs.radius + 4;
  const visible: number[] = [];
  for (let i = 0; i < scene.count; i++) {
    const [x, y] = placeOf(scene, i, camera, size);
    if (x < -margin || y < -margin || x > size.width + margin || y > size.height + margin) continue;
    const alpha = lit === null || lit.has(i) ? 1 : 0.25;
    if (alpha === 1) visible.push(i);
    if (to.raster) {
      discs.raster(to.raster, scene.look(i), x, y, alpha);
      continue;
    }
    to.g.globalAlpha = alpha;
    discs.draw(to.g, scene.look(i), x, y);
  }
  to.g.globalAlpha = 1;
  return visible;
}

/** Draws what lies over the discs: rings around the chosen ones, numbers, captions. */
export function drawMarks(
  g: CanvasRenderingContext2D,
  scene: Scene,
  discs: Discs,
  camera: Camera,
  size: Size,
  emphasis: Emphasis,
  visible: readonly number[],
): void {
  const { radius, palette } = discs;
  const at = (index: number) => placeOf(scene, index, camera, size);
  if (emphasis.selected >= 0) halo(g, at(emphasis.selected), radius + 4, palette.accent);
  if (emphasis.hover >= 0) halo(g, at(emphasis.hover), radius + 4, palette.ink);
  if (radius >= NUMBER_RADIUS) numbers(g, scene, visible, camera, size, discs);
  if (emphasis.captions) captions(g, scene, visible, camera, size, discs);
}

function placeOf(scene: Scene, index: number, camera: Camera, size: Size): [number, number] {
  return toScreen(camera, size, scene.places[2 * index] ?? 0, scene.places[2 * index + 1] ?? 0);
}

function halo(g: CanvasRenderingContext2D, at: [number, number], radius: number, color: string) {
  g.strokeStyle = color;
  g.lineWidth = 2;
  g.beginPath();
  g.arc(at[0], at[1], radius, 0, 2 * Math.PI);
  g.stroke();
}

const FONT = "system-ui, sans-serif";

function numbers(
  g: CanvasRenderingContext2D,
  scene: Scene,
  visible: readonly number[],
  camera: Camera,
  size: Size,
  { radius, palette }: Discs,
): void {
  g.textAlign = "center";
  g.textBaseline = "middle";
  g.fillStyle = palette.ink;
  for (const i of visible) {
    const short = scene.short(i);
    const room = Math.min(13, (radius * 2.2) / Math.max(2, short.length));
    if (room < 6) continue;
    g.font = `600 ${room}px ${FONT}`;
    const [x, y] = placeOf(scene, i, camera, size);
    g.fillText(short, x, y + 0.5);
  }
}

function captions(
  g: CanvasRenderingContext2D,
  scene: Scene,
  visible: readonly number[],
  camera: Camera,
  size: Size,
  { radius, palette }: Discs,
): void {
  g.font = `11px ${FONT}`;
  g.lineWidth = 3;
  g.lineJoin = "round";
  g.strokeStyle = palette.paper;
  g.fillStyle = palette.ink;
  const [cx, cy, reach] = middle(visible.map((i) => placeOf(scene, i, camera, size)));
  for (const i of visible) {
    const [x, y] = placeOf(scene, i, camera, size);
    const side = sideOf((x - cx) / reach, (y - cy) / reach);
    const text = scene.caption(i);
    g.textAlign = side === "left" ? "right" : side === "right" ? "left" : "center";
    g.textBaseline = side === "above" ? "bottom" : side === "below" ? "top" : "middle";
    const dx = side === "left" ? -radius - 7 : side === "right" ? radius + 7 : 0;
    const dy = side === "above" ? -radius - 5 : side === "below" ? radius + 6 : 0;
    g.strokeText(text, x + dx, y + dy);
    g.fillText(text, x + dx, y + dy);
  }
}

/** The middle of the discs in sight, and how far they reach from it. */
function middle(places: readonly [number, number][]): [number, number, number] {
  const count = Math.max(1, places.length);
  const cx = places.reduce((sum, [x]) => sum + x, 0) / count;
  const cy = places.reduce((sum, [, y]) => sum + y, 0) / count;
  const reach = places.reduce((most, [x, y]) => Math.max(most, Math.hypot(x - cx, y - cy)), 1);
  return [cx, cy, reach];
}

/** On which side of a disc there is most room for its caption: away from the middle, if far out. */
function sideOf(dx: number, dy: number): "left" | "right" | "above" | "below" {
  if (Math.hypot(dx, dy) < 0.6) return "below";
  if (Math.abs(dx) > Math.abs(dy) * 0.35) return dx < 0 ? "left" : "right";
  return dy < 0 ? "above" : "below";
}
