// Draws peers: a small disc with a ring gauge around it that fills as the targets do. Each look is
// drawn once and copied from then on, so that ten thousand peers cost ten thousand copies.

import { Status } from "../model/peers";
import { type Camera, type Size, toScreen } from "./camera";
import { type Palette, progressColor } from "./colors";
import type { Look, Scene } from "./scene";

/** Steps of the gauge. */
const STEPS = 48;
/** From this radius on, pixels, there is room for the number inside. */
const NUMBER_RADIUS = 9;
const RADIUS_MIN = 1.6;
const RADIUS_MAX = 17;

/** Radius of a disc, from the distance between neighbors in pixels. */
export function radiusFor(spacing_px: number): number {
  return Math.min(RADIUS_MAX, Math.max(RADIUS_MIN, spacing_px * 0.3));
}

/** Ready-made pictures of discs, for one radius, theme and screen. */
export class Discs {
  private readonly made = new Map<number, HTMLCanvasElement>();
  private readonly half: number;

  constructor(
    readonly radius: number,
    readonly palette: Palette,
    readonly ratio: number,
  ) {
    this.half = Math.ceil(radius + 3);
  }

  /** Draws one disc with its middle at (x, y). */
  draw(g: CanvasRenderingContext2D, look: Look, x: number, y: number): void {
    const step = look.progress < 0 ? -1 : Math.floor(look.progress * STEPS);
    const key = (step + 1) * 16 + look.status * 2 + (look.done ? 1 : 0);
    let picture = this.made.get(key);
    if (!picture) {
      picture = this.make({ ...look, progress: step < 0 ? -1 : step / STEPS });
      this.made.set(key, picture);
    }
    g.drawImage(picture, x - this.half, y - this.half, this.half * 2, this.half * 2);
  }

  private make(look: Look): HTMLCanvasElement {
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = Math.ceil(this.half * 2 * this.ratio);
    const g = canvas.getContext("2d");
    if (!g) return canvas;
    g.scale(this.ratio, this.ratio);
    g.translate(this.half, this.half);
    if (this.radius < 5) this.dot(g, look);
    else this.gauge(g, look);
    return canvas;
  }

  /** Too small for a gauge: the colour alone; what is not up is hollow. */
  private dot(g: CanvasRenderingContext2D, look: Look): void {
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

  private gauge(g: CanvasRenderingContext2D, look: Look): void {
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
    if (look.progress >= 0 && !crashed && !waiting) disc(g, radius - thick, color, 0.16);
    if (look.status === Status.Paused) bars(g, radius);
    if (look.done) tick(g, radius, palette);
  }
}

function disc(g: CanvasRenderingContext2D, radius: number, color: string, alpha = 1): void {
  g.globalAlpha = alpha;
  g.fillStyle = color;
  g.beginPath();
  g.arc(0, 0, radius, 0, 2 * Math.PI);
  g.fill();
  g.globalAlpha = 1;
}

function ring(
  g: CanvasRenderingContext2D,
  radius: number,
  from: number,
  to: number,
  color: string,
) {
  g.strokeStyle = color;
  g.beginPath();
  g.arc(0, 0, radius, (from - 0.25) * 2 * Math.PI, (to - 0.25) * 2 * Math.PI);
  g.stroke();
}

/** A paused peer's sign, at its lower right. */
function bars(g: CanvasRenderingContext2D, radius: number): void {
  const at = radius * 0.6;
  g.fillStyle = "#d9a441";
  g.fillRect(at, at - 1, 2.5, 7);
  g.fillRect(at + 4.5, at - 1, 2.5, 7);
}

/** A done peer's tick, at its lower right. */
function tick(g: CanvasRenderingContext2D, radius: number, palette: Palette): void {
  if (radius < 7) return;
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
  /** Discs that stay in full colour while others are dimmed; null for all. */
  lit: ReadonlySet<number> | null;
  /** Write captions on all discs. */
  captions: boolean;
}

/** Draws all discs of a scene, then what is written on them. */
export function drawPeers(
  g: CanvasRenderingContext2D,
  scene: Scene,
  discs: Discs,
  camera: Camera,
  size: Size,
  emphasis: Emphasis,
): void {
  const { radius, palette } = discs;
  const margin = radius + 4;
  const visible: number[] = [];
  for (let i = 0; i < scene.count; i++) {
    const [x, y] = placeOf(scene, i, camera, size);
    if (x < -margin || y < -margin || x > size.width + margin || y > size.height + margin) continue;
    const dimmed = emphasis.lit !== null && !emphasis.lit.has(i);
    if (dimmed) g.globalAlpha = 0.25;
    discs.draw(g, scene.look(i), x, y);
    if (dimmed) g.globalAlpha = 1;
    else visible.push(i);
  }
  if (emphasis.selected >= 0)
    halo(g, placeOf(scene, emphasis.selected, camera, size), radius + 4, palette.accent);
  if (emphasis.hover >= 0)
    halo(g, placeOf(scene, emphasis.hover, camera, size), radius + 4, palette.ink);
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
  const [cx, cy] = toScreen(camera, size, 0, 0);
  for (const i of visible) {
    const [x, y] = placeOf(scene, i, camera, size);
    const side = sideOf(x - cx, y - cy);
    const text = scene.caption(i);
    g.textAlign = side === "left" ? "right" : side === "right" ? "left" : "center";
    g.textBaseline = side === "above" ? "bottom" : side === "below" ? "top" : "middle";
    const dx = side === "left" ? -radius - 7 : side === "right" ? radius + 7 : 0;
    const dy = side === "above" ? -radius - 5 : side === "below" ? radius + 6 : 0;
    g.strokeText(text, x + dx, y + dy);
    g.fillText(text, x + dx, y + dy);
  }
}

/** On which side of a disc there is most room for its caption: away from the middle. */
function sideOf(dx: number, dy: number): "left" | "right" | "above" | "below" {
  if (Math.abs(dx) > Math.abs(dy) * 0.35) return dx < 0 ? "left" : "right";
  return dy < 0 ? "above" : "below";
}
