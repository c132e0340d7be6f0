// Which links are drawn, and how each of them looks.

import type { Edge } from "../model/edges";
import type { Bench } from "../model/run";
import { type Camera, type Size, toScreen } from "./camera";
import { kindColor, type Palette } from "./colors";
import type { Scene } from "./scene";

/** A faded link stays just visible, so that the shape of the network does. */
const OPACITY_MIN = 0.07;
const OPACITY_MAX = 0.8;
/** Older than this, seconds of run time, a link has faded to the least. */
const FADED_S = 4;
/** So many links may be drawn in full; more are drawn fainter, or they would hide each other. */
const SPARSE = 160;

/** A link as drawn: between two discs of the picture. */
export interface Link {
  from: number;
  to: number;
  edge: Edge;
  /** Messages of the kinds that are shown. */
  count: number;
  kind: number;
}

/** What may be drawn, and what is dimmed. */
export interface EdgeStyle {
  hiddenKinds: ReadonlySet<number>;
  /** Only links that touch this disc are drawn in full, when not -1. */
  focus: number;
  /** At most so many links. */
  max: number;
  radius: number;
}

/** The links to draw, and how many there are besides. */
export interface Choice {
  links: Link[];
  left: number;
}

/** Chooses the links to draw: the latest ones, as many as there is time for. */
export function choose(bench: Bench, scene: Scene, style: EdgeStyle): Choice {
  const links: Link[] = [];
  for (const edge of bench.edges.list) {
    if (scene.community !== null && edge.community !== scene.community) continue;
    const from = scene.indexOf(edge.from);
    const to = scene.indexOf(edge.to);
    if (from < 0 || to < 0 || from === to) continue;
    const link = shown(edge, from, to, style.hiddenKinds);
    if (link) links.push(link);
  }
  if (links.length <= style.max) return { links, left: 0 };
  const all = links.length;
  links.sort((a, b) => b.edge.last - a.edge.last || b.count - a.count);
  const near = style.focus < 0 ? [] : links.slice(style.max).filter((l) => touches(l, style.focus));
  const drawn = links.slice(0, style.max).concat(near.slice(0, style.max));
  return { links: drawn, left: all - drawn.length };
}

function shown(edge: Edge, from: number, to: number, hidden: ReadonlySet<number>): Link | null {
  let count = 0;
  let most = -1;
  let kind = -1;
  for (const cell of edge.kinds) {
    if (hidden.has(cell.kind)) continue;
    count += cell.count;
    if (cell.count > most) {
      most = cell.count;
      kind = cell.kind;
    }
  }
  return kind < 0 ? null : { from, to, edge, count, kind };
}

function touches(link: Link, index: number): boolean {
  return link.from === index || link.to === index;
}

/** How visible a link is: halves with each second of run time since its last message. */
export function opacity(age_s: number): number {
  if (age_s >= FADED_S) return OPACITY_MIN;
  return OPACITY_MIN + (OPACITY_MAX - OPACITY_MIN) * 2 ** -Math.max(0, age_s);
}

/** Width at the sender's end, pixels. */
export function width(count: number): number {
  return 0.8 + 0.55 * Math.log2(1 + count);
}

/** A link on the screen, from rim to rim. */
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

/** What the strokes of a picture depend on. */
export interface StrokeContext {
  bench: Bench;
  scene: Scene;
  camera: Camera;
  size: Size;
  palette: Palette;
  style: EdgeStyle;
}

/** Calls `draw` for every link that is in sight. */
export function strokes(
  links: readonly Link[],
  { bench, scene, camera, size, palette, style }: StrokeContext,
  draw: (stroke: Stroke) => void,
): void {
  const thin = Math.min(1, 0.35 + style.radius / 12) * (links.length > 400 ? 0.6 : 1);
  const crowd = Math.min(1, Math.sqrt(SPARSE / Math.max(1, links.length)));
  const { places } = scene;
  for (const link of links) {
    const a = toScreen(camera, size, places[2 * link.from] ?? 0, places[2 * link.from + 1] ?? 0);
    const b = toScreen(camera, size, places[2 * link.to] ?? 0, places[2 * link.to + 1] ?? 0);
    const length = Math.hypot(b[0] - a[0], b[1] - a[1]);
    if (outside(a, b, size) || length < 2 * style.radius + 1) continue;
    const [ux, uy] = [(b[0] - a[0]) / length, (b[1] - a[1]) / length];
    const { radius } = style;
    draw({
      start: [a[0] + ux * radius, a[1] + uy * radius],
      end: [b[0] - ux * (radius + 1), b[1] - uy * (radius + 1)],
      a,
      b,
      color: kindColor(link.kind, palette.dark),
      alpha: alphaOf(link, bench.t, crowd, style.focus),
      wide: width(link.count) * thin,
    });
  }
}

function alphaOf(link: Link, t: number, crowd: number, focus: number): number {
  if (focus >= 0) return touches(link, focus) ? OPACITY_MAX : OPACITY_MIN / 2;
  return Math.max(OPACITY_MIN, opacity(t - link.edge.last) * crowd);
}

function outside(a: [number, number], b: [number, number], size: Size): boolean {
  return (
    Math.max(a[0], b[0]) < 0 ||
    Math.min(a[0], b[0]) > size.width ||
    Math.max(a[1], b[1]) < 0 ||
    Math.min(a[1], b[1]) > size.height
  );
}
