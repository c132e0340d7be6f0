// How links are drawn in one picture: what all strokes of it have in common.

import { type Camera, type Size, toScreen } from "../camera";
import { kindColor, type Palette } from "../colors";
import type { Measure } from "../talk";
import { type Link, OPACITY_MAX, OPACITY_MIN, opacity, touches, width } from "./links";
import type { Scene } from "./scene";

/** So many links may be drawn in full; more are drawn fainter, or they would hide each other. */
const SPARSE = 160;

/** A selected peer's links never fade below this. */
const SELECTED_MIN = 0.9;

/** What the strokes of a picture depend on. */
export interface StrokeContext {
  scene: Scene;
  camera: Camera;
  size: Size;
  palette: Palette;
  by: Measure;
  /** The moment that is looked at, seconds of the run. */
  now: number;
  /** Only links that touch this disc are drawn in full, when not -1. */
  focus: number;
  /** Links that touch the selected disc are seen well, when not -1. */
  selected: number;
  /** The links that are emphasised, if any. */
  chosen: ReadonlySet<Link>;
  /** Faints what is not emphasised, 0 to 1. */
  dim: number;
  /** Radius of a peer's disc. */
  radius: number;
}

/** A link on the screen, from rim to rim. One is reused for all. */
export interface Stroke {
  start: [number, number];
  end: [number, number];
  /** The discs' middles. */
  a: [number, number];
  b: [number, number];
  color: string;
  alpha: number;
  /** Width at the start, pixels. */
  wide: number;
}

/** Says of one link after the other how it is drawn; remembers what is the same for all. */
export class Strokes {
  private readonly colors: string[] = [];
  private readonly thin: number;
  private readonly crowd: number;
  private readonly stroke: Stroke = {
    ...{ start: [0, 0], end: [0, 0], a: [0, 0], b: [0, 0] },
    ...{ color: "", alpha: 0, wide: 0 },
  };

  constructor(
    private readonly context: StrokeContext,
    count: number,
  ) {
    this.thin = Math.min(1, 0.35 + context.radius / 12) * (count > 400 ? 0.6 : 1);
    this.crowd = Math.min(1, Math.sqrt(SPARSE / Math.max(1, count)));
  }

  /** Where and how a link is drawn; null when it is out of sight, or too short to be seen. */
  of(link: Link): Stroke | null {
    const { scene, camera, size, palette, radius } = this.context;
    const { places, sizes } = scene;
    const { stroke } = this;
    const a = toScreen(camera, size, places[2 * link.from] ?? 0, places[2 * link.from + 1] ?? 0);
    const b = toScreen(camera, size, places[2 * link.to] ?? 0, places[2 * link.to + 1] ?? 0);
    if (outside(a, b, size)) return null;
    const length = Math.hypot(b[0] - a[0], b[1] - a[1]);
    const ra = radius * (sizes?.[link.from] ?? 1);
    const rb = radius * (sizes?.[link.to] ?? 1) + 1;
    if (length < ra + rb) return null;
    const [ux, uy] = [(b[0] - a[0]) / length, (b[1] - a[1]) / length];
    stroke.start = [a[0] + ux * ra, a[1] + uy * ra];
    stroke.end = [b[0] - ux * rb, b[1] - uy * rb];
    stroke.a = a;
    stroke.b = b;
    stroke.alpha = this.alpha(link);
    stroke.wide = width(link, this.context.by) * this.thin;
    stroke.color = this.colors[link.kind] ??= kindColor(link.kind, palette.dark);
    if (this.context.chosen.has(link)) this.emphasise(stroke);
    return stroke;
  }

  private alpha(link: Link): number {
    const { focus, now, dim } = this.context;
    if (focus >= 0) return touches(link, focus) ? OPACITY_MAX : OPACITY_MIN / 2;
    const faded = Math.max(OPACITY_MIN, opacity(now - link.last) * this.crowd) * dim;
    return touches(link, this.context.selected) ? Math.max(faded, SELECTED_MIN) : faded;
  }

  private emphasise(stroke: Stroke): void {
    stroke.alpha = 1;
    stroke.wide = Math.max(3.5, stroke.wide);
    stroke.color = this.context.palette.accent;
  }
}

function outside(a: [number, number], b: [number, number], size: Size): boolean {
  return (
    Math.max(a[0], b[0]) < 0 ||
    Math.min(a[0], b[0]) > size.width ||
    Math.max(a[1], b[1]) < 0 ||
    Math.min(a[1], b[1]) > size.height
  );
}
