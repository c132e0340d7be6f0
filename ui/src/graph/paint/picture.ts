// One picture, on the thread that paints: keeps its scene in step with the run, and paints it when
// something has changed and the page has shown the one before.

import type { EdgeRow, Word } from "../../api/types";
import { type Grouping, grouping } from "../../model/grouping";
import type { Peers } from "../../model/peers";
import type { Bench } from "../../model/run";
import { WeatherBook } from "../../model/weather";
import type { Camera, Size } from "../camera";
import { kindColor } from "../colors";
import { branchesOf } from "../layout/tree";
import type { FromStudio, LinkCard, Style, ToStudio, Unit } from "../talk";
import { Arrangement, innerGap, outerGap } from "./arrange";
import { type Broken, brokenOf } from "./broken";
import { Easel } from "./easel";
import { Glide } from "./glide";
import { hitLink, linkCard } from "./hit";
import { type Link, Links } from "./links";
import { Pace } from "./pace";
import { type Path, shortest } from "./paths";
import { Scene, unitsOf } from "./scene";
import { type Chosen, chosenOf, viewOf } from "./view";

/** Between two pictures, unless a hand moves something; more when painting takes long: others need the machine. */
const DRAW_EVERY_MS = 50;
const DRAW_SHARE = 3;
/** Groups of connected peers are found anew at most so often. */
const REGROUP_EVERY_MS = 400;
/** After a jump in time, the picture stands until all peers are told again, or so long. */
const HOLD_MS = 200;
/** But while somebody jumps on and on, not longer than this. */
const STAND_MS = 400;
/** Once nothing has changed for so long, all links are drawn, however many. */
const REST_MS = 200;
/** How long a step of that may take. */
const STEP_MS = 10;
/** Links drawn between two looks at the clock. */
const BATCH = 250;

export class Picture {
  private scene: Scene;
  private camera: Camera = { x: 0, y: 0, scale: 100 };
  private size: Size = { width: 0, height: 0 };
  private ratio = 1;
  private readonly arrangement = new Arrangement(() => this.placed(false));
  private readonly easel = new Easel();
  private readonly links = new Links();
  private readonly book = new WeatherBook();
  /** The links on which something is wrong. */
  private broken: Broken | null = null;
  /** While a hand moves something, pictures come as fast as screens show them. */
  private readonly paces = { moving: new Pace(12), still: new Pace(28) };
  private moving = false;
  private paint_ms = 0;
  private gaps: { gap: number; inner: number | null } = { gap: 1, inner: null };
  private grouping: Grouping | null = null;
  private groupedAt = -Infinity;
  private drawn: Link[] = [];
  private path: Path | null = null;
  private glide: Glide | null = null;
  private stale = true;
  private wanted = false;
  /** Has the page not shown the last picture yet? */
  private waiting = false;
  private holdUntil = 0;
  /** The peers as told since the last jump, and as they were before it while it is being told. */
  private peers: Peers;
  private before: Peers | null = null;
  private heard = 0;
  private drawnAt = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private grouping_timer: ReturnType<typeof setTimeout> | undefined;
  private rest: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly bench: Bench,
    private readonly id: number,
    private readonly community: number | null,
    private style: Style,
    private readonly post: (word: FromStudio, transfer?: Transferable[]) => void,
  ) {
    this.peers = bench.peers;
    this.scene = new Scene(bench, new Int32Array(0), null);
    this.foresee();
    this.regroup();
  }

  /** Ends timers and forces. */
  end(): void {
    this.arrangement.end();
    clearTimeout(this.timer);
    clearTimeout(this.rest);
    clearTimeout(this.grouping_timer);
  }

  /** The run has news; `rows` are the messages that travel before the eyes. */
  news(rows: readonly EdgeRow[], word: Word): void {
    this.hold(word);
    this.stale = true;
    if (this.holdUntil > performance.now()) {
      this.wanted = true;
      this.later(this.holdUntil);
      return;
    }
    this.refresh();
    if (rows.length > 0 && !this.style.still && !this.bench.aggregated)
      this.easel.comets.launch(rows, performance.now(), (row) => this.route(row));
    this.want(false);
  }

  /** After a jump, waits until all peers are told again, so that nothing flickers. */
  private hold(word: Word): void {
    if (word.type === "hello") {
      this.holdUntil = Math.min(performance.now() + HOLD_MS, this.drawnAt + STAND_MS);
      const was = this.before ?? this.peers;
      this.peers = this.bench.peers;
      // At the beginning, or of another run, there is nothing to go by.
      this.before = was.size > 0 && was.size === this.peers.size ? was : null;
      this.heard = 0;
      this.easel.comets.clear();
    } else {
      this.heard += (word.peers?.length ?? 0) + (word.groups?.length ?? 0);
      const all = this.bench.aggregated ? this.bench.groups.count : this.bench.peers.size;
      if (this.heard < all) return;
      this.holdUntil = 0;
      this.before = null;
    }
  }

  private route([from, to, kind, community]: EdgeRow) {
    if (this.community !== null && community !== this.community) return null;
    if (this.style.hiddenKinds.includes(kind)) return null;
    const [a, b] = [this.scene.indexOf(from), this.scene.indexOf(to)];
    if (a < 0 || b < 0 || a === b) return null;
    return { from: a, to: b, color: kindColor(kind, this.style.palette.dark) };
  }

  /** Follows peers that join, groups that form, and partitions that begin and end. */
  private refresh(): void {
    const { collapse } = this.style;
    const parted = this.foresee();
    const wait = this.groupedAt + REGROUP_EVERY_MS - performance.now();
    clearTimeout(this.grouping_timer);
    if (collapse !== "none" && (wait <= 0 || (parted && collapse === "side"))) this.regroup();
    else this.scene.tally();
    if (collapse !== "none" && wait > 0)
      this.grouping_timer = setTimeout(() => {
        this.refresh();
        this.want(false);
      }, wait + 1);
    // Who is in which community is not known yet while a jump is being told.
    if (this.before === null) this.follow();
    this.arrangement.feed();
  }

  /** Looks at the network's faults in force; true when they are others than before. */
  private foresee(): boolean {
    const { bench } = this;
    const isOther = this.book.look(bench.run.plan, bench.now, bench.aggregated ? 0 : bench.size);
    if (isOther) this.broken = null;
    return isOther;
  }

  /** Makes a new scene when there are other units than those shown. */
  private follow(): void {
    const units = unitsOf(this.bench, this.community, this.grouping, this.style.opened);
    const same =
      units.length === this.scene.count && units.every((u, i) => u === this.scene.units[i]);
    if (!same) this.rescene(units);
  }

  private regroup(): void {
    this.groupedAt = performance.now();
    const next = this.style.collapse === "none" ? null : grouping(this.bench, this.style.collapse);
    const before = this.grouping;
    this.grouping = next;
    const same = next && before && next.of.length === before.of.length;
    if (same && next.of.every((group, peer) => group === before.of[peer])) this.scene.tally();
    else this.rescene();
  }

  private rescene(
    units = unitsOf(this.bench, this.community, this.grouping, this.style.opened),
  ): void {
    this.scene = new Scene(this.bench, units, this.grouping);
    this.easel.comets.clear();
    this.stale = true;
    this.placed(this.arrangement.place(this.scene, this.style.layout));
  }

  /** Tells the page where everything is now. */
  private placed(anew: boolean): void {
    const { scene } = this;
    this.gaps = { gap: outerGap(scene), inner: innerGap(scene) };
    const [units, places] = [scene.units.slice(), scene.places.slice()];
    const placed = {
      ...{ units, places, sizes: scene.sizes, anew },
      ...this.gaps,
    };
    this.post({ type: "placed", picture: this.id, placed }, [units.buffer, places.buffer]);
    this.want(false);
  }

  /** Does what the page says. */
  obey(word: ToStudio): void {
    if (word.type === "look") this.look(word.size, word.ratio, word.camera);
    else if (word.type === "style") this.restyle(word.style);
    else if (word.type === "shown") this.shown();
    else if (word.type === "drag") this.drag(word.unit, word.x, word.y, word.held);
    else if (word.type === "probe") this.probe(word.ask, word.at);
    else if (word.type === "tree" && this.arrangement.grow(branchesOf(word.parents)))
      this.placed(true);
  }

  private look(size: Size, ratio: number, camera: Camera): void {
    Object.assign(this, { size, ratio, camera });
    this.want(true);
  }

  private restyle(change: Partial<Style>): void {
    const before = this.style;
    this.style = { ...before, ...change };
    const { collapse, opened, layout, hiddenKinds } = this.style;
    if (hiddenKinds !== before.hiddenKinds) this.stale = true;
    if (collapse !== before.collapse) this.regroup();
    else if (opened !== before.opened) this.rescene();
    else if (layout !== before.layout) this.relayout();
    this.want(true);
  }

  private relayout(): void {
    const { scene, style } = this;
    // Forces move the discs themselves.
    const glides = !style.still && style.layout !== "force";
    this.glide = glides ? Glide.from(scene.places, performance.now()) : null;
    this.placed(this.arrangement.place(scene, style.layout));
  }

  /** The run's plan has become another: places and partitions may have. */
  replan(): void {
    this.regroup();
    this.refresh();
    this.want(true);
  }

  private drag(unit: Unit, x: number, y: number, held: boolean): void {
    this.arrangement.drag(unit, x, y, held);
    this.want(true);
  }

  private probe(ask: number, at: [number, number]): void {
    const { scene, camera, size } = this;
    const curved = this.drawn.length < 300;
    const link = hitLink(this.drawn, scene, camera, size, at, curved);
    const card: LinkCard | null = link && linkCard(link, scene, this.style.hiddenKinds);
    this.post({ type: "probed", picture: this.id, ask, link: card });
  }

  /** Asks for a new picture: at once when a hand moves something, else at a steady pace. */
  private want(urgent: boolean): void {
    this.wanted = true;
    this.moving ||= urgent;
    clearTimeout(this.rest);
    if (this.waiting) return;
    const now = performance.now();
    if (urgent) this.later(now);
    else this.later(Math.max(now, this.holdUntil, this.drawnAt + this.every));
  }

  /** Time between two pictures that nobody waits for. */
  private get every(): number {
    return Math.max(DRAW_EVERY_MS, DRAW_SHARE * this.paint_ms);
  }

  private later(at: number): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.draw(), Math.max(0, at - performance.now()));
  }

  /** The page has shown the last picture. */
  private shown(): void {
    this.waiting = false;
    if (this.wanted) this.want(this.moving);
    else if (this.easel.comets.busy) this.send(this.easel.fly(performance.now()));
  }

  private draw(): void {
    if (this.waiting || this.size.width === 0) return;
    const began = performance.now();
    if (began < this.holdUntil) {
      this.later(this.holdUntil);
      return;
    }
    if (this.holdUntil > 0) {
      this.holdUntil = 0;
      this.refresh();
    }
    this.wanted = false;
    const pace = this.moving ? this.paces.moving : this.paces.still;
    this.moving = false;
    const chosen = this.choose(pace.links(this.bench.aggregated));
    this.drawn = chosen.links;
    this.scene.before = this.before;
    const resting = this.scene.places;
    if (this.glide) this.scene.places = this.glide.at(resting, began);
    this.easel.paint(this.view(chosen), chosen.links);
    this.scene.places = resting;
    if (this.glide?.isOver(began)) this.glide = null;
    this.wanted ||= this.glide !== null;
    this.moving ||= this.glide !== null;
    this.drawnAt = performance.now();
    this.paint_ms = this.drawnAt - began;
    pace.took(this.paint_ms);
    this.send(this.easel.bitmap(this.drawnAt));
    const isComplete = this.drawn.length >= this.links.list.length || this.bench.aggregated;
    if (!isComplete && !this.wanted) this.rest = setTimeout(() => this.complete(), REST_MS);
  }

  /** Nothing changes: all links are drawn, step by step, unless something does. */
  private complete(): void {
    const chosen = this.choose(Number.MAX_SAFE_INTEGER);
    const steps = this.easel.inSteps(this.view(chosen), chosen.links, BATCH);
    const on = () => {
      const until = performance.now() + STEP_MS;
      while (performance.now() < until)
        if (steps.next().done) {
          this.drawn = chosen.links;
          return this.send(this.easel.bitmap(performance.now()));
        }
      this.rest = setTimeout(on, 0);
    };
    on();
  }

  private choose(max: number): Chosen {
    const { bench, scene, style } = this;
    if (this.stale) {
      this.links.gather(bench, scene, this.community, new Set(style.hiddenKinds));
      this.stale = false;
      this.broken = null;
    }
    const { selected, goal } = style;
    const both = selected !== null && goal !== null;
    this.path = both ? shortest(bench.edges.list, selected, goal) : null;
    return chosenOf(this.links, scene, style, this.path, bench.now, max);
  }

  private view(chosen: Chosen) {
    const { scene, camera, size, ratio, style } = this;
    const { sides } = this.book.weather;
    return viewOf({
      ...{ scene, camera, size, ratio, style, sides, chosen, broken: this.wrong() },
      ...this.gaps,
      ...{ path: this.path, branches: this.arrangement.branches, now: this.bench.now },
    });
  }

  /** The links on which something is wrong: gathered anew when the links or the faults have changed. */
  private wrong(): Broken {
    const { weather } = this.book;
    this.broken ??= brokenOf(
      this.bench.aggregated ? [] : this.links.list,
      this.scene.count,
      weather,
    );
    return this.broken;
  }

  private send(bitmap: ImageBitmap): void {
    this.waiting = true;
    const { links, path, paint_ms } = this;
    const { weather } = this.book;
    const report = {
      ...{ units: this.scene.count, edges: this.drawn.length, paint_ms },
      groups: this.bench.aggregated ? [] : this.scene.cards(),
      known: links.list.length + (this.community === null ? this.bench.edges.hidden : 0),
      ...{ path: path?.peers ?? null, forward: path?.forward ?? true },
      sides: weather.sides?.counts ?? [],
      weather: { ...this.wrong().report, everywhere: weather.isOther ? weather.everywhere : null },
    };
    const { camera } = this;
    this.post({ type: "drawn", picture: this.id, bitmap, camera, report }, [bitmap]);
  }
}
