// One picture, on the page's side: where things are, where the camera looks, what is under the pointer.
// What is seen is painted by another thread; here a hand is answered at once.

import type { Bench } from "../model/run";
import { type Camera, fitAll, type Size, toPicture, toScreen, zoomAt } from "./camera";
import { inPolygon } from "./lasso";
import { nearest, Places } from "./nearby";
import { CELL_SHARE, captioned, RADIUS_MAX, radiusFor } from "./radius";
import type { LinkCard, Placed, Report, Style, ToStudio, Unit } from "./talk";

/** About the width of a caption's character. */
const CAPTION_CHARACTER_PX = 5.8;
/** A narrower picture is one of several, without tools over it. */
const TILE_PX = 460;
/** What the tree of first deliveries says of itself takes so much. */
const WORDS_PX = 44;
/** A disc is hit from this close, however small it is, pixels. */
const REACH_PX = 7;
/** A picture has at most so many pixels; a finer screen gets them a little larger. */
const PIXELS_MAX = 6e6;

const NOTHING: Placed = {
  ...{ units: new Int32Array(0), places: new Float32Array(0), sizes: null },
  ...{ gap: 1, inner: null, anew: true },
};

/** Who shows a stage. */
export interface Viewer {
  show(bitmap: ImageBitmap, transform: string): void;
  /** The camera has moved, or the places have. */
  moved(transform: string): void;
  report(report: Report): void;
}

/** A stage without what the studio adds to its words. */
type ToPicture = { [W in ToStudio as W["type"]]: Omit<W, "picture"> }[ToStudio["type"]];

export class Stage {
  placed: Placed = NOTHING;
  camera: Camera = { x: 0, y: 0, scale: 100 };
  size: Size = { width: 0, height: 0 };
  report: Report | null = null;
  /** Pictures taken so far. */
  painted_count = 0;
  private index = new Places(NOTHING);
  private painted: Camera = this.camera;
  private viewer: Viewer | null = null;
  /** Has a hand moved the camera? Then it stays where it is. */
  private byHand = false;
  private fitScale = 100;
  /** The peer to go to once it is shown. */
  private awaited: number | null = null;
  /** Room for words below the picture, pixels. */
  private below = 0;
  private asked = 0;
  private readonly answers = new Map<number, (link: LinkCard | null) => void>();

  constructor(
    readonly bench: Bench,
    private readonly say: (word: ToPicture) => void,
  ) {}

  /** Begins to be seen. */
  attach(viewer: Viewer): void {
    this.viewer = viewer;
  }

  /** Is no longer seen; places and camera stay. */
  detach(): void {
    this.viewer = null;
    this.size = { width: 0, height: 0 };
    this.look();
  }

  /** Takes where the painter has put everything. */
  place(placed: Placed): void {
    this.placed = placed;
    this.index = new Places(placed);
    if (placed.anew) this.byHand = false;
    if (!this.byHand) this.fit();
    if (this.awaited !== null) this.goTo(this.awaited);
    this.viewer?.moved(this.transform());
  }

  /** Takes a picture; says when it has been seen, so that the next is painted. */
  draw(bitmap: ImageBitmap, camera: Camera, report: Report): void {
    this.painted = camera;
    this.painted_count += 1;
    this.report = report;
    if (this.viewer) {
      this.viewer.show(bitmap, this.transform());
      this.viewer.report(report);
    } else bitmap.close();
    requestAnimationFrame(() => this.say({ type: "shown" }));
  }

  /** Where the last picture belongs while the camera has gone on. */
  private transform(): string {
    const [was, is] = [this.painted, this.camera];
    const k = is.scale / was.scale;
    const x = (this.size.width / 2) * (1 - k) + (was.x - is.x) * is.scale;
    const y = (this.size.height / 2) * (1 - k) + (was.y - is.y) * is.scale;
    return `matrix(${k}, 0, 0, ${k}, ${x}, ${y})`;
  }

  private look(): void {
    const { size, camera } = this;
    const pixels = Math.max(1, size.width * size.height);
    const ratio = Math.min(devicePixelRatio || 1, Math.sqrt(PIXELS_MAX / pixels));
    this.say({ type: "look", size, ratio, camera });
    this.viewer?.moved(this.transform());
  }

  /** Takes the canvas's new size in CSS pixels. */
  resize(width: number, height: number): void {
    this.size = { width, height };
    if (this.byHand) this.look();
    else this.fit();
  }

  /** Shows everything. */
  fit(): void {
    this.byHand = false;
    const { x, y } = this.margin();
    const camera = fitAll(this.placed.places, this.size, { x, y: y + this.below / 2 });
    this.camera = { ...camera, y: camera.y + this.below / 2 / camera.scale };
    this.fitScale = camera.scale;
    this.look();
  }

  /** Room for captions and tools around the discs, pixels. */
  private margin(): { x: number; y: number } {
    const { units } = this.placed;
    const groups = this.report?.groups ?? [];
    if (this.bench.aggregated) return { x: 40, y: 84 };
    if (this.size.width < TILE_PX) return { x: 26, y: 30 };
    if (!captioned(units.length, this.size.width)) return { x: 36, y: 58 };
    let longest = groups.reduce((most, card) => Math.max(most, card.name.length + 6), 8);
    for (const unit of units)
      if (unit > 0) longest = Math.max(longest, this.bench.caption(unit).length - 6);
    // Groups are larger than peers, the more so the more they hold.
    const wide = RADIUS_MAX * (Math.max(1, ...(this.placed.sizes ?? [])) - 1);
    const x = 30 + longest * CAPTION_CHARACTER_PX + wide;
    return { x: Math.min(x, this.size.width * 0.36), y: 74 + wide };
  }

  zoom(at: [number, number], factor: number): void {
    this.go(zoomAt(this.camera, this.size, at, factor, this.fitScale));
  }

  pan(dx: number, dy: number): void {
    const { x, y, scale } = this.camera;
    this.go({ scale, x: x - dx / scale, y: y - dy / scale });
  }

  /** Brings a place on the screen to the middle. */
  centre(at: [number, number]): void {
    this.pan(this.size.width / 2 - at[0], this.size.height / 2 - at[1]);
  }

  /** Brings a peer to the middle, close enough to be told apart. */
  goTo(peer: number): void {
    const at = this.indexOf(peer);
    // A peer of a group that is being opened is shown in a moment.
    this.awaited = at < 0 ? peer : null;
    if (at < 0) return;
    const [x, y] = [this.placed.places[2 * at] ?? 0, this.placed.places[2 * at + 1] ?? 0];
    const close = 40 / Math.max(1e-9, this.placed.inner ?? this.placed.gap);
    this.go({ x, y, scale: Math.max(this.camera.scale, Math.min(close, this.fitScale * 40)) });
  }

  private go(camera: Camera): void {
    this.byHand = true;
    this.camera = camera;
    this.look();
  }

  style(style: Partial<Style>): void {
    if (style.layout) this.below = style.layout === "tree" ? WORDS_PX : 0;
    this.say({ type: "style", style });
  }

  /** Tells through whom each peer first heard something. */
  grow(parents: Float64Array): void {
    this.say({ type: "tree", parents });
  }

  /** Drags a disc; `held` is false when it is let go. */
  drag(index: number, at: [number, number], held: boolean): void {
    const [x, y] = toPicture(this.camera, this.size, ...at);
    this.byHand = true;
    this.placed.places.set([x, y], 2 * index);
    this.index = new Places(this.placed);
    this.say({ type: "drag", unit: this.placed.units[index] ?? 0, x, y, held });
    this.viewer?.moved(this.transform());
  }

  /** The disc of a peer, or of the group it is in; -1 when it is not shown. */
  indexOf(peer: number): number {
    const { units } = this.placed;
    const at = units.indexOf(peer);
    return at >= 0 || !this.bench.aggregated ? at : this.bench.groups.of(peer);
  }

  /** Where a disc is on the screen. */
  at(index: number): [number, number] {
    const { places } = this.placed;
    return toScreen(this.camera, this.size, places[2 * index] ?? 0, places[2 * index + 1] ?? 0);
  }

  /** How large a disc is on the screen; half the side of a cell. */
  radius(index: number): number {
    const { units, gap, inner, sizes } = this.placed;
    const { scale } = this.camera;
    if (!this.bench.aggregated) return radiusFor(gap * scale) * (sizes?.[index] ?? 1);
    return (units[index] ?? 0) < 0
      ? Math.max(1, (gap * scale * CELL_SHARE) / 2)
      : radiusFor((inner ?? 0) * scale);
  }

  /** The side of a cell on the screen, pixels; 0 when there are none. */
  get cell(): number {
    return this.bench.aggregated ? this.placed.gap * this.camera.scale : 0;
  }

  /** The disc or cell at a place on the screen; -1 when there is none. */
  hit(at: [number, number]): number {
    const point = toPicture(this.camera, this.size, ...at);
    return nearest(this.index, point, (index) => {
      const isCell = this.bench.aggregated && (this.placed.units[index] ?? 0) < 0;
      // A cell is hit in its corners, too; its neighbors are nearer beyond.
      const reach = isCell ? this.radius(index) * Math.SQRT2 : this.radius(index) + 3;
      return Math.max(REACH_PX, reach) / this.camera.scale;
    });
  }

  /** Asks which link is at a place on the screen. */
  probe(at: [number, number]): Promise<LinkCard | null> {
    this.asked += 1;
    const ask = this.asked;
    // Only the last question matters: a pointer moves faster than anybody reads.
    for (const [other, answer] of this.answers) {
      this.answers.delete(other);
      answer(null);
    }
    this.say({ type: "probe", ask, at });
    return new Promise((answer) => this.answers.set(ask, answer));
  }

  /** Takes the answer. */
  probed(ask: number, link: LinkCard | null): void {
    this.answers.get(ask)?.(link);
    this.answers.delete(ask);
  }

  /** The units inside a lasso, drawn in pixels of the screen. */
  within(lasso: readonly [number, number][]): Unit[] {
    const out: Unit[] = [];
    this.placed.units.forEach((unit, i) => {
      if (inPolygon(this.at(i), lasso)) out.push(unit);
    });
    return out;
  }
}
