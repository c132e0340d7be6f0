// What a style means for a picture: which links are drawn, which discs stand out, what is written.

import type { Sides } from "../../model/partition";
import { siteOf, sitesOf } from "../../model/places";
import { type Camera, type Size, toScreen } from "../camera";
import { type Branch, wayTo } from "../layout/tree";
import { captioned, radiusFor } from "../radius";
import type { Style } from "../talk";
import type { Broken } from "./broken";
import type { View, ViewBranch } from "./easel";
import { type Link, type Links, touches } from "./links";
import type { StrokeContext } from "./look";
import type { Path } from "./paths";
import type { Scene } from "./scene";

/** With more places than these, their names would lie on each other. */
const NAMES_MAX = 60;
/** Zoomed in so far that discs are so far apart, captions are there too, pixels. */
const CAPTION_SPACING_PX = 64;
/** With more neighbors than these, rings around them would say nothing. */
const RINGS_MAX = 400;
/** In the tree, links that are no branch are there for those who look closely. */
const TREE_DIM = 0.25;
/** Over cells, links are a hint of where traffic is; what the cells say matters more. */
const CELLS_DIM = 0.5;

/** The links of a picture, and those that stand out. */
export interface Chosen {
  links: Link[];
  chosen: Set<Link>;
  hover: number;
}

/** Chooses the links to draw, at most `max` besides those that must be seen. */
export function chosenOf(
  links: Links,
  scene: Scene,
  style: Style,
  path: Path | null,
  now: number,
  max: number,
): Chosen {
  const hover = style.hover === null ? -1 : scene.indexOfUnit(style.hover);
  const selected = style.selected === null ? -1 : scene.indexOf(style.selected);
  const wanted = wantedPairs(scene, style, path);
  const chosen = new Set(
    wanted.size === 0 ? [] : links.list.filter((l) => wanted.has(l.from * scene.count + l.to)),
  );
  const drawn = links.latest(now, max, hover >= 0 ? hover : selected);
  const there = new Set(chosen.size > 0 ? drawn : []);
  const more = [...chosen].filter((link) => !there.has(link));
  return { links: [...drawn, ...more], chosen, hover };
}

/** Pairs of discs whose links stand out: along the path, and the selected link. */
function wantedPairs(scene: Scene, { link }: Style, path: Path | null): Set<number> {
  const out = new Set<number>();
  const add = (from: number, to: number) => {
    const [a, b] = [scene.indexOf(from), scene.indexOf(to)];
    if (a >= 0 && b >= 0) out.add(a * scene.count + b);
  };
  if (link) add(...link);
  const { peers, forward } = path ?? { peers: [], forward: true };
  for (let i = 0; i + 1 < peers.length; i++) {
    add(peers[i] ?? 0, peers[i + 1] ?? 0);
    if (!forward) add(peers[i + 1] ?? 0, peers[i] ?? 0);
  }
  return out;
}

/** What a view is made from. */
interface Parts {
  scene: Scene;
  camera: Camera;
  size: Size;
  ratio: number;
  /** Distance between neighbors, and between the peers inside a cell, in the picture's units. */
  gap: number;
  inner: number | null;
  style: Style;
  sides: Sides | null;
  broken: Broken;
  chosen: Chosen;
  path: Path | null;
  branches: readonly Branch[];
  /** The moment that is looked at, seconds of the run. */
  now: number;
}

/** The view of a picture at this moment. */
export function viewOf(parts: Parts): View {
  const { scene, camera, size, ratio, style, sides, chosen, now, gap, inner } = parts;
  const tree = style.layout === "tree" && !scene.bench.aggregated;
  const context: StrokeContext = {
    ...{ scene, camera, size, now, palette: style.palette, by: style.by },
    ...{ focus: chosen.hover, chosen: chosen.chosen, dim: dimOf(scene, tree) },
    radius: scene.bench.aggregated ? 0 : radiusFor(gap * camera.scale),
    selected: style.selected === null ? -1 : scene.indexOf(style.selected),
  };
  return {
    ...{ scene, camera, size, ratio, gap, inner, context, sides, broken: parts.broken.marks },
    lit: lit(parts),
    rings: rings(parts),
    branches: tree ? branchPairs(parts) : [],
    captions: captioned(scene.count, size.width) || gap * camera.scale >= CAPTION_SPACING_PX,
    names: style.layout === "places" ? siteNames(parts) : [],
  };
}

function dimOf(scene: Scene, tree: boolean): number {
  if (scene.bench.aggregated) return CELLS_DIM;
  return tree ? TREE_DIM : 1;
}

/** What the pointer is on, whom it speaks with, and the stations of the path; null when nothing is dimmed. */
function lit({ scene, chosen, path }: Parts): Set<number> | null {
  const onCell = scene.bench.aggregated && (scene.units[chosen.hover] ?? 0) < 0;
  if (chosen.hover < 0 || onCell) return null;
  const out = neighbors(chosen.links, chosen.hover);
  for (const peer of path?.peers ?? []) out.add(scene.indexOf(peer));
  return out;
}

function neighbors(links: readonly Link[], index: number): Set<number> {
  const out = new Set([index]);
  for (const link of links)
    if (touches(link, index)) out.add(link.from === index ? link.to : link.from);
  return out;
}

/** Rings around the neighbors of the selected peer, the lassoed peers, and the stations of the path. */
function rings({ scene, style, chosen, path }: Parts): [number, string][] {
  const { accent, quiet } = style.palette;
  const out = new Map<number, string>();
  const selected = style.selected === null ? -1 : scene.indexOf(style.selected);
  const near = selected < 0 ? new Set<number>() : neighbors(chosen.links, selected);
  if (near.size <= RINGS_MAX) for (const index of near) out.set(index, quiet);
  for (const peer of style.lassoed) out.set(scene.indexOf(peer), accent);
  for (const peer of path?.peers ?? []) out.set(scene.indexOf(peer), accent);
  out.delete(-1);
  out.delete(selected);
  return [...out];
}

/** The branches that had grown by now; the way to the selected peer comes last, and stands out. */
function branchPairs({ scene, branches, now, style }: Parts): ViewBranch[] {
  const grown = branches.filter((branch) => branch.t <= now);
  const way = new Set(style.selected === null ? [] : wayTo(grown, style.selected));
  const out: ViewBranch[] = [];
  for (const { peer, parent } of grown) {
    const [from, to] = [scene.indexOf(parent), scene.indexOf(peer)];
    if (from >= 0 && to >= 0 && from !== to) out.push({ from, to, onWay: way.has(peer) });
  }
  return out.sort((a, b) => Number(a.onWay) - Number(b.onWay));
}

/** The names of places, above their peers. */
function siteNames({ scene, camera, size, gap }: Parts): [string, [number, number]][] {
  const sites = sitesOf(scene.bench.run.plan);
  if (!sites || scene.bench.aggregated || sites.names.length > NAMES_MAX) return [];
  const radius = radiusFor(gap * camera.scale);
  const tops = sites.names.map((): [number, number, number] => [0, Infinity, 0]);
  scene.units.forEach((unit, i) => {
    const top = unit > 0 ? tops[siteOf(sites, unit)] : undefined;
    if (!top) return;
    const [x, y] = toScreen(camera, size, scene.places[2 * i] ?? 0, scene.places[2 * i + 1] ?? 0);
    top[0] += x;
    top[1] = Math.min(top[1], y);
    top[2] += 1;
  });
  return tops.flatMap(([x, y, count], site): [string, [number, number]][] =>
    count === 0 ? [] : [[sites.names[site] ?? "", [x / count, y - radius - 8]]],
  );
}
