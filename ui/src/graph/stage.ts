// One picture on its canvases: keeps places and camera, and draws when something has changed.

import type { EdgeRow } from "../api/types";
import type { Edge } from "../model/edges";
import type { Bench } from "../model/run";
import { type Camera, fitAll, type Size, toPicture, toScreen, zoomAt } from "./camera";
import { kindColor, type Palette } from "./colors";
import { Comets } from "./comets";
import { bend, drawCurves, rasterLines } from "./edges";
import { Force } from "./force";
import { spacing } from "./layout";
import { choose, type EdgeStyle, type Link } from "./links";
import { Discs, drawDiscs, drawMarks, radiusFor } from "./peers";
import { pack, Raster } from "./raster";
import { Scene } from "./scene";

export type Layout = "circle" | "force";

/** With up to so many peers, captions are always there. */
export const CAPTIONS_MAX = 60;
/** About the width of a caption's character. */
const CAPTION_CHARACTER_PX = 5.8;
/** Zoomed in so far that at most so many are seen, captions are there too. */
const CAPTION_SPACING_PX = 64;
/** Between two pictures, unless a hand moves something. */
const DRAW_EVERY_MS = 60;
/** The time that links may take to draw; their number follows from it. */
const EDGE_MS = 22;
const EDGES_DRAWN_MIN = 300;
const EDGES_DRAWN_MAX = 3000;
/** Between groups of peers, links are a hint of where traffic is, no more. */
const GROUP_EDGES_DRAWN_MAX = 400;
/** Up to so many links are curved, and up to so many discs drawn by the canvas. */
const CURVED_MAX = 300;
const CANVAS_DISCS_MAX = 120;
/** Links that the force layout takes in. */
const FORCE_LINKS_MAX = 20_000;

/** What the stage tells the component around it. */
export interface StageReport {
  peers: number;
  edges: number;
  hidden: number;
}

/** What is under the pointer. */
export type Hit = { peer: number } | { edge: Edge } | null;

export class Stage {
  scene: Scene;
  camera: Camera = { x: 0, y: 0, scale: 100 };
  size: Size = { width: 0, height: 0 };
  hover = -1;
  selected = -1;
  hiddenKinds: ReadonlySet<number> = new Set();
  still = false;
  /** Has a hand moved the camera? Then it stays where it is. */
  private moved = false;
  private fitScale = 100;
  private layout: Layout = "circle";
  private force: Force | null = null;
  private forceLinks = 0;
  private discs: Discs | null = null;
  private readonly comets = new Comets();
  private readonly raster = new Raster();
  private links: Link[] = [];
  private edgesMax = 1500;
  private lit: ReadonlySet<number> | null = null;
  private drawnAt = 0;
  private wanted = false;
  private urgent = false;
  private frame = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private readonly unlisten: () => void;
  private gap = 1;

  constructor(
    readonly bench: Bench,
    readonly community: number | null,
    private readonly base: HTMLCanvasElement,
    private readonly top: HTMLCanvasElement,
    private palette: Palette,
    private readonly report: (report: StageReport) => void,
  ) {
    this.scene = new Scene(bench, community);
    this.unlisten = bench.listen((news) => this.news(news));
    this.rearrange();
  }

  /** Ends timers, worker and listening. */
  end(): void {
    this.unlisten();
    this.force?.end();
    clearTimeout(this.timer);
    cancelAnimationFrame(this.frame);
  }

  private news(rows: readonly EdgeRow[]): void {
    this.refreshMembers();
    if (!this.still && !this.bench.aggregated && rows.length > 0 && !document.hidden)
      this.comets.launch(rows, performance.now(), (row) => this.route(row));
    this.feedForce();
    this.want(false);
  }

  private route([from, to, kind, community]: EdgeRow) {
    if (this.community !== null && community !== this.community) return null;
    if (this.hiddenKinds.has(kind)) return null;
    const [a, b] = [this.scene.indexOf(from), this.scene.indexOf(to)];
    if (a < 0 || b < 0 || a === b) return null;
    return { from: a, to: b, color: kindColor(kind, this.palette.dark) };
  }

  /** Peers join communities, and groups appear, while the run goes on. */
  private refreshMembers(): void {
    const ids = this.scene.fresh();
    if (!ids) return;
    this.scene = new Scene(this.bench, this.community, ids);
    this.rearrange();
  }

  /** Chooses a layout; places start anew. */
  setLayout(layout: Layout): void {
    if (layout === this.layout) return;
    this.layout = layout;
    this.moved = false;
    this.rearrange();
  }

  private rearrange(): void {
    this.force?.end();
    this.force = null;
    this.forceLinks = 0;
    this.scene.places = this.scene.start();
    this.placed();
    if (this.layout === "force" && this.scene.count > 1) {
      this.force = new Force(this.scene.places, (points) => {
        if (points.length !== this.scene.places.length) return;
        this.scene.places = points;
        this.placed();
      });
      this.feedForce();
    }
  }

  private placed(): void {
    this.gap = spacing(this.scene.places);
    if (!this.moved) this.fitAll();
    this.want(false);
  }

  private feedForce(): void {
    const { list } = this.bench.edges;
    // Only when the network has grown by a tenth: each feeding stirs the picture.
    if (!this.force || list.length < this.forceLinks * 1.1 || list.length === this.forceLinks)
      return;
    this.forceLinks = list.length;
    const links: number[] = [];
    for (const edge of list.slice(0, FORCE_LINKS_MAX)) {
      const [a, b] = [this.scene.indexOf(edge.from), this.scene.indexOf(edge.to)];
      if (a >= 0 && b >= 0 && a !== b) links.push(a, b, Math.log2(1 + edge.count));
    }
    this.force.link(Float32Array.from(links));
  }

  /** Takes the canvases' new size in CSS pixels. */
  resize(width: number, height: number): void {
    this.size = { width, height };
    const ratio = devicePixelRatio || 1;
    for (const canvas of [this.base, this.top]) {
      canvas.width = Math.round(width * ratio);
      canvas.height = Math.round(height * ratio);
    }
    if (!this.moved) this.fitAll();
    this.want(true);
  }

  setPalette(palette: Palette): void {
    this.palette = palette;
    this.discs = null;
    this.want(true);
  }

  /** Shows everything. */
  fitAll(): void {
    this.moved = false;
    this.camera = fitAll(this.scene.places, this.size, this.margin());
    this.fitScale = this.camera.scale;
    this.want(true);
  }

  /** Room for captions and tools around the discs, pixels. */
  private margin(): { x: number; y: number } {
    if (this.scene.count > CAPTIONS_MAX) return { x: 36, y: this.bench.aggregated ? 80 : 36 };
    let longest = 8;
    for (let i = 0; i < this.scene.count; i++)
      longest = Math.max(longest, this.scene.caption(i).length);
    const x = 30 + longest * CAPTION_CHARACTER_PX;
    return { x: Math.min(x, this.size.width * 0.36), y: 52 };
  }

  zoom(at: [number, number], factor: number): void {
    this.moved = true;
    this.camera = zoomAt(this.camera, this.size, at, factor, this.fitScale);
    this.want(true);
  }

  pan(dx: number, dy: number): void {
    this.moved = true;
    this.camera = {
      ...this.camera,
      x: this.camera.x - dx / this.camera.scale,
      y: this.camera.y - dy / this.camera.scale,
    };
    this.want(true);
  }

  /** Brings a place on the screen to the middle. */
  centre(at: [number, number]): void {
    this.pan(this.size.width / 2 - at[0], this.size.height / 2 - at[1]);
  }

  /** Drags a disc; `held` is false when it is let go. */
  drag(index: number, at: [number, number], held: boolean): void {
    this.moved = true;
    const [x, y] = toPicture(this.camera, this.size, ...at);
    this.scene.places[2 * index] = x;
    this.scene.places[2 * index + 1] = y;
    this.force?.pin(index, x, y, held);
    this.want(true);
  }

  setHover(index: number): void {
    if (index === this.hover) return;
    this.hover = index;
    this.lit = index < 0 ? null : this.neighborsOf(index);
    this.want(true);
  }

  select(peer: number | null): void {
    this.selected = peer === null ? -1 : this.scene.indexOf(peer);
    this.want(true);
  }

  private neighborsOf(index: number): ReadonlySet<number> {
    const out = new Set([index]);
    for (const link of this.links) {
      if (link.from === index) out.add(link.to);
      if (link.to === index) out.add(link.from);
    }
    return out;
  }

  /** Where a disc is on the screen. */
  at(index: number): [number, number] {
    const { places } = this.scene;
    return toScreen(this.camera, this.size, places[2 * index] ?? 0, places[2 * index + 1] ?? 0);
  }

  get radius(): number {
    return radiusFor(this.gap * this.camera.scale);
  }

  /** What is at a place on the screen: the nearest disc within reach, else a link. */
  hit(at: [number, number]): Hit {
    const reach = Math.max(7, this.radius + 3);
    let best = reach * reach;
    let found = -1;
    for (let i = 0; i < this.scene.count; i++) {
      const [x, y] = this.at(i);
      const d = (x - at[0]) ** 2 + (y - at[1]) ** 2;
      if (d <= best) {
        best = d;
        found = i;
      }
    }
    if (found >= 0) return { peer: found };
    return this.links.length > CURVED_MAX ? null : this.hitLink(at);
  }

  private hitLink(at: [number, number]): Hit {
    for (const link of this.links) {
      const [a, b] = [this.at(link.from), this.at(link.to)];
      const m = bend(a, b);
      for (let t = 0.15; t < 0.9; t += 0.05) {
        const u = 1 - t;
        const x = u * u * a[0] + 2 * u * t * m[0] + t * t * b[0];
        const y = u * u * a[1] + 2 * u * t * m[1] + t * t * b[1];
        if ((x - at[0]) ** 2 + (y - at[1]) ** 2 < 20) return { edge: link.edge };
      }
    }
    return null;
  }

  /** Asks for a new picture: at once when a hand moves something, else at a steady pace. */
  want(urgent: boolean): void {
    this.urgent ||= urgent;
    if (this.wanted && !urgent) return;
    this.wanted = true;
    const wait = this.urgent ? 0 : DRAW_EVERY_MS - (performance.now() - this.drawnAt);
    clearTimeout(this.timer);
    if (wait > 4) this.timer = setTimeout(() => this.schedule(), wait);
    else this.schedule();
  }

  private schedule(): void {
    if (this.frame === 0) this.frame = requestAnimationFrame((now) => this.turn(now));
  }

  private turn(now: number): void {
    this.frame = 0;
    const due = this.urgent || performance.now() - this.drawnAt >= DRAW_EVERY_MS - 4;
    if (this.wanted && due) {
      this.wanted = false;
      this.urgent = false;
      this.draw();
      this.drawnAt = performance.now();
    }
    this.drawTop(now);
    if (this.comets.busy) this.schedule();
  }

  private draw(): void {
    const g = this.base.getContext("2d");
    if (!g || this.size.width === 0) return;
    const ratio = devicePixelRatio || 1;
    const radius = this.radius;
    if (!this.discs || this.discs.radius !== radius || this.discs.ratio !== ratio)
      this.discs = new Discs(radius, this.palette, ratio);
    g.setTransform(ratio, 0, 0, ratio, 0, 0);
    g.clearRect(0, 0, this.size.width, this.size.height);
    const began = performance.now();
    const style = { hiddenKinds: this.hiddenKinds, focus: this.hover, max: this.edgesMax, radius };
    const { links, left } = choose(this.bench, this.scene, style);
    this.links = links;
    const visible = this.drawScene(g, this.discs, style, ratio);
    this.pace(performance.now() - began);
    drawMarks(
      g,
      this.scene,
      this.discs,
      this.camera,
      this.size,
      { hover: this.hover, selected: this.selected, captions: this.captioned },
      visible,
    );
    this.report({
      peers: this.scene.count,
      edges: this.links.length,
      // Which picture the links would be in that the lab left out, nobody knows.
      hidden: left + (this.community === null ? this.bench.edges.hidden : 0),
    });
  }

  /** Draws links and discs: few onto the canvas, many into memory. Returns the discs in sight. */
  private drawScene(
    g: CanvasRenderingContext2D,
    discs: Discs,
    style: EdgeStyle,
    ratio: number,
  ): number[] {
    const { bench, scene, camera, size, palette } = this;
    const context = { bench, scene, camera, size, palette, style };
    const many = this.links.length > CURVED_MAX || scene.count > CANVAS_DISCS_MAX;
    if (!many) {
      drawCurves(g, this.links, context);
      return drawDiscs({ g, raster: null }, scene, discs, camera, size, this.lit);
    }
    const { raster } = this;
    raster.begin(this.base.width, this.base.height, pack(palette.paper));
    rasterLines(raster, this.links, context, ratio);
    const visible = drawDiscs({ g, raster }, scene, discs, camera, size, this.lit);
    raster.put(g);
    return visible;
  }

  private get captioned(): boolean {
    return this.scene.count <= CAPTIONS_MAX || this.gap * this.camera.scale >= CAPTION_SPACING_PX;
  }

  /** Draws fewer links when they take too long, more when there is time. */
  private pace(took_ms: number): void {
    const factor = took_ms > EDGE_MS * 1.5 ? 0.7 : took_ms < EDGE_MS / 2 ? 1.15 : 1;
    const max = Math.round(this.edgesMax * factor);
    const most = this.bench.aggregated ? GROUP_EDGES_DRAWN_MAX : EDGES_DRAWN_MAX;
    this.edgesMax = Math.min(most, Math.max(EDGES_DRAWN_MIN, max));
  }

  private drawTop(now: number): void {
    const g = this.top.getContext("2d");
    if (!g) return;
    const ratio = devicePixelRatio || 1;
    g.setTransform(ratio, 0, 0, ratio, 0, 0);
    g.clearRect(0, 0, this.size.width, this.size.height);
    const at = (index: number) => this.at(index);
    this.comets.draw(g, now, { red: this.palette.low, radius: this.radius, focus: this.hover, at });
  }
}
