// Puts one picture together: grounds, links, discs, marks, and comets above them.

import type { Sides } from "../../model/partition";
import { type Camera, type Size, toScreen } from "../camera";
import { radiusFor } from "../radius";
import { type BrokenLink, drawBroken } from "./broken";
import { cellSide, drawCells } from "./cells";
import { Comets } from "./comets";
import { DiscSizes } from "./discs";
import type { Link } from "./links";
import type { StrokeContext } from "./look";
import { captions, halo, numbers, placeNames } from "./marks";
import { pack, Raster } from "./raster";
import type { Scene } from "./scene";
import { groundRadius, sideColor } from "./sides";
import { spot } from "./spot";
import { drawCurves, LineRaster, type Pen } from "./strokes";

/** Up to so many links are curved, and up to so many discs drawn by the canvas. */
const CURVED_MAX = 300;
const CANVAS_DISCS_MAX = 120;

/** A branch of the tree of first deliveries, from disc to disc. */
export interface ViewBranch {
  from: number;
  to: number;
  /** Does it lead to the selected peer? */
  onWay: boolean;
}

/** What a picture shows at one moment. */
export interface View {
  scene: Scene;
  camera: Camera;
  size: Size;
  /** Pixels of the screen for one of the page. */
  ratio: number;
  /** Distance between neighbors, and between the peers inside a cell, in the picture's units. */
  gap: number;
  inner: number | null;
  context: StrokeContext;
  /** The sides of the partition in force. */
  sides: Sides | null;
  /** Links with a sign on them: they are cut, or worse than others. */
  broken: readonly BrokenLink[];
  /** Discs that are not dimmed; null for all. */
  lit: ReadonlySet<number> | null;
  /** Discs with a ring around them, and its colour. */
  rings: readonly [number, string][];
  /** Lines from disc to disc that lie over the links: the tree of first deliveries. */
  branches: readonly ViewBranch[];
  captions: boolean;
  /** Names written into the picture, and where. */
  names: readonly [string, [number, number]][];
}

/** Discs that are not meant, and discs of which nobody knows yet, are this faint. */
const FAINT = 0.25;

function alphaOf(scene: Scene, lit: ReadonlySet<number> | null, index: number): number {
  const isMeant = lit === null || lit.has(index);
  return isMeant && !scene.isUntold(scene.units[index] ?? 0) ? 1 : FAINT;
}

/** One picture's canvas and memory. */
export class Easel {
  readonly comets = new Comets();
  private readonly canvas = new OffscreenCanvas(1, 1);
  private readonly pen: Pen;
  private readonly raster = new Raster();
  private readonly still = new Raster();
  private readonly sky = new Raster();
  private discs: DiscSizes | null = null;
  private view: View | null = null;

  constructor() {
    const pen = this.canvas.getContext("2d", { willReadFrequently: true });
    if (!pen) throw new Error("this browser cannot draw in two dimensions");
    this.pen = pen;
  }

  /** Draws a picture with these links at once. */
  paint(view: View, links: readonly Link[]): void {
    this.begin(view, links.length);
    if (this.curved(view, links.length)) drawCurves(this.pen, links, view.context);
    else for (const link of links) this.lines?.draw(link);
    this.end(view, links.length);
  }

  private lines: LineRaster | null = null;

  /** Draws a picture with all these links, a few milliseconds at a time; the last step has it done. */
  *inSteps(view: View, links: readonly Link[], batch: number): Generator<void> {
    this.begin(view, CURVED_MAX + 1 + links.length);
    for (const [i, link] of links.entries()) {
      this.lines?.draw(link);
      if (i % batch === batch - 1) yield;
    }
    this.end(view, CURVED_MAX + 1 + links.length);
  }

  /** Are links drawn as curves, and discs by the canvas? */
  curved(view: View, links: number): boolean {
    return (
      links <= CURVED_MAX && view.scene.count <= CANVAS_DISCS_MAX && !view.scene.bench.aggregated
    );
  }

  private begin(view: View, links: number): void {
    this.view = view;
    const { size, ratio, context } = view;
    const [width, height] = [Math.round(size.width * ratio), Math.round(size.height * ratio)];
    if (this.canvas.width !== width || this.canvas.height !== height) {
      this.canvas.width = width;
      this.canvas.height = height;
    }
    const { palette } = context;
    if (this.discs?.palette !== palette || this.discs.ratio !== ratio)
      this.discs = new DiscSizes(palette, ratio);
    this.raster.begin(width, height, pack(palette.paper));
    this.grounds(view);
    if (view.scene.bench.aggregated) this.cells(view);
    this.lines = new LineRaster(this.raster, context, links, ratio);
    if (this.curved(view, links)) this.flush();
  }

  /** What has been drawn into memory goes onto the canvas; what follows is drawn there. */
  private flush(): void {
    this.pen.setTransform(1, 0, 0, 1, 0, 0);
    this.raster.put(this.pen);
    const ratio = this.view?.ratio ?? 1;
    this.pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  }

  private end(view: View, links: number): void {
    this.lines?.end();
    const visible = this.inSight(view);
    if (this.curved(view, links)) {
      this.branches(view, true);
      this.signs(view, true);
      this.discsOnCanvas(view, visible);
    } else {
      this.branches(view, false);
      this.discsInMemory(view, visible);
      this.flush();
      this.signs(view, false);
    }
    this.marks(view, visible);
  }

  private grounds({ scene, sides, context, ...view }: View): void {
    if (!sides || scene.bench.aggregated) return;
    const { palette } = context;
    const radius = groundRadius(radiusFor(view.gap * view.camera.scale));
    const spots = sides.counts.map((_, side) => spot(radius, sideColor(side, palette), view.ratio));
    for (let i = 0; i < scene.count; i++) {
      const unit = scene.units[i] ?? 0;
      const sprite = spots[unit > 0 ? (sides.of[unit] ?? 0) : -1];
      const [x, y] = this.at(i);
      if (sprite) this.raster.blit(sprite, x * view.ratio, y * view.ratio);
    }
  }

  private cells({ scene, camera, size, ratio, gap, context }: View): void {
    const looked = new Set<number>();
    for (const peer of scene.bench.members.keys()) looked.add(scene.bench.groups.of(peer));
    const { palette } = context;
    drawCells(this.raster, scene, cellSide(gap, camera), looked, { camera, size, palette, ratio });
  }

  private branches({ branches, context, ...view }: View, onCanvas: boolean): void {
    const { quiet, accent } = context.palette;
    const thin = Math.max(1, Math.min(3, context.radius * 0.25));
    const faint = branches.length > 200 ? 0.5 : 0.85;
    for (const { from, to, onWay } of branches) {
      const [a, b] = [this.at(from), this.at(to)];
      const [color, wide] = onWay ? [accent, thin + 2] : [quiet, thin];
      if (onCanvas) {
        this.pen.strokeStyle = color;
        this.pen.lineWidth = wide;
        this.pen.beginPath();
        this.pen.moveTo(...a);
        this.pen.lineTo(...b);
        this.pen.stroke();
      } else {
        const { ratio } = view;
        const [x0, y0, x1, y1] = [a[0] * ratio, a[1] * ratio, b[0] * ratio, b[1] * ratio];
        this.raster.taper(x0, y0, x1, y1, wide * 1.6 * ratio, pack(color), onWay ? 1 : faint);
      }
    }
  }

  /** The signs on links that are cut or worse. */
  private signs({ broken, context }: View, bowed: boolean): void {
    const at = (index: number) => this.at(index);
    const radius = (index: number) => this.radius(index);
    drawBroken(this.pen, broken, { at, radius, bowed, palette: context.palette });
  }

  /** Where a disc is on the screen. */
  private at(index: number): [number, number] {
    const { view } = this;
    if (!view) return [0, 0];
    const { places } = view.scene;
    const [x, y] = [places[2 * index] ?? 0, places[2 * index + 1] ?? 0];
    return toScreen(view.camera, view.size, x, y);
  }

  /** How large a disc is on the screen. */
  private radius(index: number): number {
    const { view } = this;
    if (!view) return 0;
    const { scene, camera } = view;
    if (scene.bench.aggregated) return radiusFor((view.inner ?? 0) * camera.scale);
    return radiusFor(view.gap * camera.scale) * (scene.sizes?.[index] ?? 1);
  }

  /** The discs in sight; cells are no discs. */
  private inSight({ scene, size }: View): number[] {
    const out: number[] = [];
    const first = scene.bench.aggregated ? scene.bench.groups.count : 0;
    for (let i = first; i < scene.count; i++) {
      const [x, y] = this.at(i);
      const margin = this.radius(i) + 4;
      if (x < -margin || y < -margin || x > size.width + margin || y > size.height + margin)
        continue;
      out.push(i);
    }
    return out;
  }

  private discsOnCanvas({ scene, lit }: View, visible: readonly number[]): void {
    for (const i of visible) {
      this.pen.globalAlpha = alphaOf(scene, lit, i);
      this.discs?.of(this.radius(i)).draw(this.pen, scene.look(i), ...this.at(i));
    }
    this.pen.globalAlpha = 1;
  }

  private discsInMemory({ scene, lit }: View, visible: readonly number[]): void {
    for (const i of visible) {
      const alpha = alphaOf(scene, lit, i);
      this.discs?.of(this.radius(i)).raster(this.raster, scene.look(i), ...this.at(i), alpha);
    }
  }

  private marks(view: View, visible: readonly number[]): void {
    const { scene, lit } = view;
    const { palette } = view.context;
    const at = (index: number) => this.at(index);
    const radius = (index: number) => this.radius(index);
    for (const [index, color] of view.rings)
      halo(this.pen, at(index), radius(index) + 3, color, Math.min(2, 0.6 + radius(index) / 5));
    const named = lit === null ? visible : visible.filter((i) => lit.has(i));
    const ground = { scene, visible: named, at, radius, palette };
    numbers(this.pen, ground);
    if (view.captions) captions(this.pen, ground);
    placeNames(this.pen, view.names, palette.quiet);
  }

  /** The picture as it is, with comets where they are at `now`; it can be had once. */
  bitmap(now: number): ImageBitmap {
    const { view } = this;
    if (view && this.comets.busy) {
      this.still.take(this.pen);
      return this.fly(now);
    }
    return this.canvas.transferToImageBitmap();
  }

  /** The last picture with its comets further on. */
  fly(now: number): ImageBitmap {
    const { view, sky } = this;
    sky.copy(this.still);
    if (view)
      this.comets.draw(sky, now, {
        ...{ red: view.context.palette.low, paper: view.context.palette.paper },
        ...{ radius: view.context.radius, ratio: view.ratio },
        ...{ focus: view.context.focus, bowed: view.scene.count <= CANVAS_DISCS_MAX },
        ...{ at: (index) => this.at(index), reach: (index) => this.radius(index) },
      });
    this.pen.setTransform(1, 0, 0, 1, 0, 0);
    sky.put(this.pen);
    return this.canvas.transferToImageBitmap();
  }
}
