// Where the discs of one picture stand: what the layout says, what forces do, and what a hand has moved.

import { sitesOf } from "../../model/places";
import { apart, around } from "../layout/around";
import { Force } from "../layout/force";
import { geographic } from "../layout/places";
import { circle, grid, spacing } from "../layout/ring";
import { type Branch, radial } from "../layout/tree";
import { groupOfUnit, type Layout, type Unit } from "../talk";
import { linksOf } from "./pull";
import type { Scene } from "./scene";

/** Forces are stirred again when there are so many times more links than at the last time. */
const STIR = 1.1;
/** How far apart closed groups are kept, of the circle's radius, for one and for many. */
const GROUPS_APART = 0.5;

/** Keeps the places of one picture. */
export class Arrangement {
  private force: Force | null = null;
  private fed = 0;
  private byHand = new Map<Unit, [number, number]>();
  private layout: Layout | null = null;
  private scene: Scene | null = null;
  branches: Branch[] = [];

  /** `moved` is called when forces have moved the discs. */
  constructor(private readonly moved: () => void) {}

  /** Gives every disc of a scene its place. True when it is another layout than before. */
  place(scene: Scene, layout: Layout): boolean {
    const before = this.scene;
    const other = layout !== this.layout || before === null;
    if (other) this.byHand.clear();
    this.layout = layout;
    this.scene = scene;
    this.force?.end();
    this.force = null;
    scene.places = this.start(scene, layout);
    if (layout === "force") this.release(scene, other ? null : before);
    for (const [unit, [x, y]] of this.byHand) {
      const index = scene.indexOfUnit(unit);
      if (index >= 0) scene.places.set([x, y], 2 * index);
    }
    inside(scene);
    return other;
  }

  /** Takes the tree of first deliveries; true when the discs have moved for it. */
  grow(branches: Branch[]): boolean {
    this.branches = branches;
    if (this.layout !== "tree" || !this.scene) return false;
    this.place(this.scene, "tree");
    return true;
  }

  private start(scene: Scene, layout: Layout): Float32Array {
    if (scene.bench.aggregated) return this.ofGroups(scene, layout);
    if (!scene.grouping) return this.ofPeers(scene, layout, scene.units);
    return layout === "ring" || layout === "grid" || layout === "force"
      ? gathered(scene, layout)
      : this.centred(scene, layout);
  }

  private ofGroups(scene: Scene, layout: Layout): Float32Array {
    const out = new Float32Array(2 * scene.count);
    const { count } = scene.bench.groups;
    out.set(layout === "ring" ? circle(count) : grid(count));
    return out;
  }

  private ofPeers(scene: Scene, layout: Layout, peers: ArrayLike<number>): Float32Array {
    const { bench } = scene;
    if (layout === "grid") return grid(peers.length);
    if (layout === "tree") return radial(this.branches, peers);
    if (layout === "own") return ownPlaces(bench.positions, peers);
    const sites = layout === "places" ? sitesOf(bench.run.plan) : null;
    return sites ? geographic(sites, peers) : circle(peers.length);
  }

  /** Groups in the middle of their peers. */
  private centred(scene: Scene, layout: Layout): Float32Array {
    const { bench, grouping, units } = scene;
    const peers = Int32Array.from({ length: bench.peers.size }, (_, i) => i + 1);
    const all = this.ofPeers(scene, layout, peers);
    const out = new Float32Array(2 * units.length);
    const weights = new Float32Array(units.length);
    for (const peer of peers) {
      const index = scene.indexOf(peer);
      if (index < 0 || (grouping === null && units[index] !== peer)) continue;
      out[2 * index] = (out[2 * index] ?? 0) + (all[2 * peer - 2] ?? 0);
      out[2 * index + 1] = (out[2 * index + 1] ?? 0) + (all[2 * peer - 1] ?? 0);
      weights[index] = (weights[index] ?? 0) + 1;
    }
    for (let i = 0; i < out.length; i++) out[i] = (out[i] ?? 0) / Math.max(1, weights[i >> 1] ?? 1);
    const groups = units.findIndex((unit) => unit > 0);
    const closed = groups < 0 ? units.length : groups;
    if (closed > 1)
      apart(out.subarray(0, 2 * closed), Math.min(GROUPS_APART, 1.6 / Math.sqrt(closed)));
    return out;
  }

  /** Lets forces take over, from where the discs stood before as far as they are known. */
  private release(scene: Scene, before: Scene | null): void {
    if (scene.count < 2) return;
    if (before) {
      const known = new Map<Unit, number>();
      before.units.forEach((unit, i) => {
        known.set(unit, i);
      });
      scene.units.forEach((unit, i) => {
        const was = known.get(unit);
        if (was === undefined) return;
        scene.places.set(before.places.subarray(2 * was, 2 * was + 2), 2 * i);
      });
    }
    const outer = scene.bench.aggregated ? scene.bench.groups.count : scene.count;
    const mine = new Force(scene.places.slice(0, 2 * outer), (points) => {
      if (this.force !== mine || points.length > scene.places.length) return;
      scene.places.set(points);
      inside(scene);
      this.moved();
    });
    this.force = mine;
    this.fed = 0;
    this.feed();
  }

  /** Tells the forces of the links there are by now, when they are many more than before. */
  feed(): void {
    const { scene } = this;
    const count = scene?.bench.edges.list.length ?? 0;
    if (!this.force || !scene || count === this.fed || count < this.fed * STIR) return;
    this.fed = count;
    this.force.link(linksOf(scene));
  }

  /** Moves a disc by hand; `held` is false when it is let go. */
  drag(unit: Unit, x: number, y: number, held: boolean): void {
    const index = this.scene?.indexOfUnit(unit) ?? -1;
    if (index < 0) return;
    this.byHand.set(unit, [x, y]);
    this.scene?.places.set([x, y], 2 * index);
    this.force?.pin(index, x, y, held);
  }

  end(): void {
    this.force?.end();
  }
}

/** Where the protocol says that its peers are; those of which it says nothing stand below. */
function ownPlaces(
  positions: ReadonlyMap<number, [number, number]>,
  peers: ArrayLike<number>,
): Float32Array {
  const out = new Float32Array(2 * peers.length);
  let absent = 0;
  for (let i = 0; i < peers.length; i++) {
    const at = positions.get(peers[i] ?? 0);
    const [x, y] = at ?? [(absent++ % 40) / 39, 1.15 + 0.05 * Math.floor(absent / 40)];
    out.set([2 * x - 1, 2 * y - 1], 2 * i);
  }
  return out;
}

/** Groups on a circle; the peers of an opened one around where it was. */
function gathered(scene: Scene, layout: Layout): Float32Array {
  const { units, grouping } = scene;
  const lists = new Map<string, number[]>();
  units.forEach((unit, i) => {
    const group = unit < 0 ? groupOfUnit(unit) : (grouping?.of[unit] ?? -1);
    const key = group < 0 || (grouping?.counts[group] ?? 0) < 2 ? `peer ${unit}` : `group ${group}`;
    const list = lists.get(key);
    if (list) list.push(i);
    else lists.set(key, [i]);
  });
  const middles = layout === "grid" ? grid(lists.size) : circle(lists.size);
  const out = new Float32Array(2 * units.length);
  around(middles, [...lists.values()], out);
  return out;
}

/** Puts the peers that are looked at into the cells of their groups. */
function inside(scene: Scene): void {
  const { bench, units, places } = scene;
  if (!bench.aggregated) return;
  const { groups } = bench;
  const side = innerGap(scene) ?? 0;
  const columns = columnsOf(groups.each);
  for (let i = groups.count; i < units.length; i++) {
    const peer = units[i] ?? 1;
    const group = groups.of(peer);
    const n = peer - groups.range(group)[0];
    const middle = (columns - 1) / 2;
    places[2 * i] = (places[2 * group] ?? 0) + ((n % columns) - middle) * side;
    places[2 * i + 1] = (places[2 * group + 1] ?? 0) + (Math.floor(n / columns) - middle) * side;
  }
}

const columnsOf = (peers: number) => Math.max(1, Math.ceil(Math.sqrt(peers)));

/** The distance between the peers inside a cell; null when none are looked at. */
export function innerGap(scene: Scene): number | null {
  const { bench } = scene;
  if (!bench.aggregated || scene.count <= bench.groups.count) return null;
  return (outerGap(scene) * 0.84) / columnsOf(bench.groups.each);
}

/** A typical distance between neighbors of a scene, less where discs are large. */
export function outerGap(scene: Scene): number {
  const { bench, sizes, places } = scene;
  if (bench.aggregated) return spacing(places.subarray(0, 2 * bench.groups.count));
  const gap = spacing(places);
  if (!sizes || sizes.length === 0) return gap;
  return gap / Math.sqrt(sizes.reduce((sum, size) => sum + size * size, 0) / sizes.length);
}
