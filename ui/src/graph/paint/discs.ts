// Draws peers: a small disc with a ring gauge around it that fills as the targets do. Each look is
// drawn once and copied from then on, so that ten thousand peers cost ten thousand copies.

import { Status } from "../../model/peers";
import { mix, type Palette, progressColor } from "../colors";
import type { Raster, Sprite } from "./raster";
import type { Look } from "./scene";
import type { Pen } from "./strokes";

/** Steps of the gauge. */
const STEPS = 48;
/** From this radius on, there is room for the tick; below, done peers are filled. */
const TICK_RADIUS = 11;
/** From this radius on, there is room for a gauge; below, the colour alone tells. */
const GAUGE_RADIUS = 5;
/** How dark the empty gauge is, from a line to quiet ink: it must be seen on the ground of a side, too. */
const TRACK = 0.4;
/** Sizes of discs that are kept ready-made. */
const SIZES_MAX = 24;

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
  draw(g: Pen, look: Look, x: number, y: number): void {
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
    const thick = Math.min(6, Math.max(2, radius * 0.26));
    const rim = radius - thick / 2;
    const crashed = look.status === Status.Crashed;
    const waiting = look.status === Status.Waiting;
    disc(g, radius, palette.surface);
    g.lineWidth = thick;
    if (crashed) g.setLineDash([3, 3]);
    ring(g, rim, 0, 1, crashed ? palette.quiet : mix(palette.line, palette.quiet, TRACK));
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
  const arm = Math.min(6, Math.max(3, radius * 0.26));
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

/** Ready-made discs of every size that a picture has. */
export class DiscSizes {
  private readonly made = new Map<number, Discs>();

  constructor(
    readonly palette: Palette,
    readonly ratio: number,
  ) {}

  /** The discs of about this radius, pixels. */
  of(radius: number): Discs {
    // Half pixels are told apart while discs are small, whole ones beyond.
    const step = radius < 8 ? Math.round(radius * 4) / 4 : Math.round(radius);
    let discs = this.made.get(step);
    if (!discs) {
      if (this.made.size >= SIZES_MAX) this.made.clear();
      discs = new Discs(step, this.palette, this.ratio);
      this.made.set(step, discs);
    }
    return discs;
  }
}
