// The diagram on its canvases: keeps the span and the rows in sight, and draws when something has
// changed. What is drawn is bounded: at most a few thousand events, and while hands move, fewer arrows.

import { drawArrows } from "./draw/arrows";
import { drawAxis, drawGrid } from "./draw/axis";
import { drawDensity } from "./draw/density";
import { drawFlags, flagAt } from "./draw/flags";
import { drawCones, drawLanes, drawNames } from "./draw/lanes";
import type { Look } from "./draw/look";
import { drawMarks } from "./draw/marks";
import { drawOverlay, type Overlay } from "./draw/overlay";
import {
  clampScroll,
  type Frame,
  GUTTER_PX,
  MARGIN_PX,
  pan,
  rowHeight,
  type Span,
  secondsPerPixel,
  timeAt,
  top,
  zoom,
} from "./geometry";
import { type Hit, hit } from "./hit";
import type { Picture } from "./picture";

/** The time that arrows may take while hands move; their number follows from it. */
const ARROWS_MS = 14;
const ARROWS_MIN = 250;
const ARROWS_MAX = 20_000;
/** So long after the last movement everything is drawn. */
const REST_MS = 140;
/** The farthest that rows are pulled apart or pushed together by hand. */
const SCALE_MIN = 0.25;
const SCALE_MAX = 6;

/** What the stage tells of the picture that it has drawn. */
export interface StageReport {
  /** Arrows in sight, and drawn. */
  seen: number;
  drawn: number;
  /** How long drawing took, milliseconds. */
  took: number;
}

export class Stage {
  frame: Frame = { span: [0, 1], width: 0, height: 0, row: 20, scroll: 0 };
  picture: Picture | null = null;
  overlay: Overlay = {
    ...{ cursor: null, hover: null, selected: null, path: [], found: [], foundAt: null },
  };
  /** The end of what is recorded, seconds. */
  end = 1;
  private scale = 1;
  private arrowsMax = 1500;
  private moving = false;
  private baseDirty = false;
  private frameAsked = 0;
  private rest: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly base: HTMLCanvasElement,
    private readonly over: HTMLCanvasElement,
    private look: Look,
    /** Hears of a span that hands have chosen. */
    private readonly moved: (span: Span) => void,
    private readonly report: (report: StageReport) => void,
  ) {}

  /** Ends timers. */
  close(): void {
    clearTimeout(this.rest);
    cancelAnimationFrame(this.frameAsked);
  }

  /** Pixels for the run's time. */
  get width(): number {
    return Math.max(1, this.frame.width - GUTTER_PX - MARGIN_PX);
  }

  resize(width: number, height: number): void {
    const ratio = devicePixelRatio || 1;
    for (const canvas of [this.base, this.over]) {
      canvas.width = Math.round(width * ratio);
      canvas.height = Math.round(height * ratio);
    }
    this.frame = { ...this.frame, width, height };
    this.settle();
    // A canvas that has a new size is empty: it is drawn before anybody sees it.
    this.baseDirty = true;
    this.turn();
  }

  show(picture: Picture): void {
    this.picture = picture;
    this.settle();
    this.want();
  }

  setLook(change: Partial<Look>): void {
    this.look = { ...this.look, ...change };
    this.want();
  }

  setOverlay(change: Partial<Overlay>): void {
    this.overlay = { ...this.overlay, ...change };
    this.schedule();
  }

  /** Shows a span; hands are not told. */
  setSpan(span: Span): void {
    if (span[0] === this.frame.span[0] && span[1] === this.frame.span[1]) return;
    this.frame = { ...this.frame, span };
    this.want();
  }

  /** Zooms time at a place, as hands do: an event that is pointed at stays where it is, to the pixel. */
  zoomTime(x: number, factor: number): void {
    const { hover } = this.overlay;
    const t = hover?.at === "event" ? hover.mark.event.t : timeAt(this.frame, x);
    this.move(zoom(this.frame.span, t, factor, this.end));
  }

  /** Zooms rows at a place. */
  zoomRows(y: number, factor: number): void {
    const before = (y - top + this.frame.scroll) / this.frame.row;
    this.scale = Math.max(SCALE_MIN, Math.min(SCALE_MAX, this.scale * factor));
    this.settle();
    this.scrollTo(before * this.frame.row - (y - top));
  }

  /** Moves both ways by pixels. */
  pan(dx: number, dy: number): void {
    this.scrollTo(this.frame.scroll - dy);
    if (dx !== 0) this.move(pan(this.frame.span, -dx * secondsPerPixel(this.frame), this.end));
  }

  /** Scrolls so that a row is in sight. */
  reveal(row: number): void {
    const y = row * this.frame.row;
    const room = this.frame.height - top - 2 * this.frame.row;
    if (y < this.frame.scroll) this.scrollTo(y);
    else if (y > this.frame.scroll + room) this.scrollTo(y - room);
  }

  private move(span: Span): void {
    this.frame = { ...this.frame, span };
    this.moved(span);
    this.hurry();
  }

  private scrollTo(scroll: number): void {
    const frame = { ...this.frame, scroll };
    this.frame = { ...frame, scroll: clampScroll(frame, this.picture?.peers.length ?? 0) };
    this.hurry();
  }

  /** Rows as high as fits, scrolled no farther than there are rows. */
  private settle(): void {
    const rows = this.picture?.peers.length ?? 0;
    const frame = { ...this.frame, row: rowHeight(this.frame, rows, this.scale) };
    this.frame = { ...frame, scroll: clampScroll(frame, rows) };
  }

  hit(x: number, y: number): Hit | null {
    const flag = flagAt(this.look, this.frame, x, y);
    if (flag) return { at: "flag", event: flag };
    return this.picture ? hit(this.picture, this.frame, x, y, this.look.hidden) : null;
  }

  private hurry(): void {
    this.moving = true;
    clearTimeout(this.rest);
    this.rest = setTimeout(() => {
      this.moving = false;
      this.want();
    }, REST_MS);
    this.want();
  }

  private want(): void {
    this.baseDirty = true;
    this.schedule();
  }

  private schedule(): void {
    if (this.frameAsked === 0) this.frameAsked = requestAnimationFrame(() => this.turn());
  }

  private turn(): void {
    cancelAnimationFrame(this.frameAsked);
    this.frameAsked = 0;
    if (this.frame.width === 0) return;
    if (this.baseDirty) this.drawBase();
    this.baseDirty = false;
    const g = prepared(this.over, this.frame);
    if (g && this.picture) drawOverlay(g, this.frame, this.picture, this.look, this.overlay);
  }

  private drawBase(): void {
    const g = prepared(this.base, this.frame);
    const { frame, picture, look } = this;
    if (!g || !picture) return;
    const began = performance.now();
    drawCones(g, frame, picture, look);
    drawGrid(g, frame, look);
    drawLanes(g, frame, picture, look);
    drawDensity(g, frame, picture, look);
    const arrowsBegan = performance.now();
    const arrows = drawArrows(g, frame, picture, look, this.moving ? this.arrowsMax : ARROWS_MAX);
    this.pace(performance.now() - arrowsBegan, arrows.drawn);
    drawMarks(g, frame, picture, look);
    drawAxis(g, frame, look);
    drawFlags(g, frame, look);
    drawNames(g, frame, picture, look);
    this.report({ ...arrows, took: performance.now() - began });
  }

  /** So many arrows as can be drawn in time while hands move. */
  private pace(took_ms: number, drawn: number): void {
    if (drawn < ARROWS_MIN) return;
    const next = (this.arrowsMax + (drawn * ARROWS_MS) / Math.max(0.5, took_ms)) / 2;
    this.arrowsMax = Math.round(Math.max(ARROWS_MIN, Math.min(ARROWS_MAX, next)));
  }
}

function prepared(canvas: HTMLCanvasElement, frame: Frame): CanvasRenderingContext2D | null {
  const g = canvas.getContext("2d");
  if (!g) return null;
  const ratio = devicePixelRatio || 1;
  g.setTransform(ratio, 0, 0, ratio, 0, 0);
  g.clearRect(0, 0, frame.width, frame.height);
  return g;
}
