// Draws who talks to whom: a link tapers from sender to receiver, is as wide as the logarithm of
// its count, and fades by half with each second of run time.

import type { Edge } from "../model/edges";
import type { Bench } from "../model/run";
import { type Camera, type Size, toScreen } from "./camera";
import { kindColor, type Palette } from "./colors";
import type { Scene } from "./scene";

/** A faded link stays just visible, so that the shape of the network does. */
const OPACITY_MIN = 0.07;
const OPACITY_MAX = 0.85;
/** Older than this, seconds of run time, a link has faded to the least. */
const FADED_S = 4;
/** Up to so many links are curved; more are straight, drawn in one go for each colour and shade. */
const CURVED_MAX = 600;
/** Steps between the least and the most opacity, for straight links. */
const SHADES = 6;

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

/** Chooses the links to draw: the latest ones, as many as there is time for. */
export function choose(bench: Bench, scene: Scene, style: EdgeStyle): Link[] {
  const links: Link[] = [];
  for (const edge of bench.edges.list) {
    if (scene.community !== null && edge.community !== scene.community) continue;
    const from = scene.indexOf(edge.from);
    const to = scene.indexOf(edge.to);
    if (from < 0 || to < 0 || from === to) continue;
    const link = shown(edge, from, to, style.hiddenKinds);
    if (link) links.push(link);
  }
  if (links.length <= style.max) return links;
  links.sort((a, b) => b.edge.last - a.edge.last || b.count - a.count);
  const near = style.focus < 0 ? [] : links.slice(style.max).filter((l) => touches(l, style.focus));
  return links.slice(0, style.max).concat(near.slice(0, style.max));
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
  return 1 + 0.9 * Math.log2(1 + count);
}

/** Draws the links. */
export function drawEdges(
  g: CanvasRenderingContext2D,
  bench: Bench,
  scene: Scene,
  links: readonly Link[],
  camera: Camera,
  size: Size,
  palette: Palette,
  style: EdgeStyle,
): void {
  const curved = links.length <= CURVED_MAX;
  const thin = Math.min(1, 0.35 + style.radius / 12) * (links.length > 400 ? 0.6 : 1);
  const batches = new Map<string, { color: string; alpha: number; path: Path2D }>();
  const { places } = scene;
  for (const link of links) {
    const a = toScreen(camera, size, places[2 * link.from] ?? 0, places[2 * link.from + 1] ?? 0);
    const b = toScreen(camera, size, places[2 * link.to] ?? 0, places[2 * link.to + 1] ?? 0);
    if (outside(a, b, size)) continue;
    const dimmed = style.focus >= 0 && !touches(link, style.focus);
    const full = style.focus >= 0 && !dimmed ? OPACITY_MAX : opacity(bench.t - link.edge.last);
    const shade =
      Math.max(1, Math.round((dimmed ? OPACITY_MIN / 2 : full) * SHADES * 2)) / SHADES / 2;
    const key = `${link.kind}/${shade}`;
    let batch = batches.get(key);
    if (!batch) {
      const path = new Path2D();
      batch = { color: kindColor(link.kind, palette.dark), alpha: dimmed ? 0.04 : shade, path };
      batches.set(key, batch);
    }
    taper(batch.path, a, b, style.radius, width(link.count) * thin, curved);
    if (curved) flush(g, batches);
  }
  flush(g, batches);
  g.globalAlpha = 1;
}

function flush(
  g: CanvasRenderingContext2D,
  batches: Map<string, { color: string; alpha: number; path: Path2D }>,
): void {
  for (const { color, alpha, path } of batches.values()) {
    g.globalAlpha = alpha;
    g.fillStyle = color;
    g.fill(path);
  }
  batches.clear();
}

function outside(a: [number, number], b: [number, number], size: Size): boolean {
  return (
    Math.max(a[0], b[0]) < 0 ||
    Math.min(a[0], b[0]) > size.width ||
    Math.max(a[1], b[1]) < 0 ||
    Math.min(a[1], b[1]) > size.height
  );
}

/** How far a curved link bows to its right, as a share of its length: the way back bows apart. */
const BOW = 0.09;

/** The middle of a link's curve. */
export function bend(a: [number, number], b: [number, number]): [number, number] {
  return [(a[0] + b[0]) / 2 - (b[1] - a[1]) * BOW, (a[1] + b[1]) / 2 + (b[0] - a[0]) * BOW];
}

/** Adds a shape that is `wide` at the sender's rim and comes to a point at the receiver's. */
function taper(
  path: Path2D,
  a: [number, number],
  b: [number, number],
  radius: number,
  wide: number,
  curved: boolean,
): void {
  const dx = b[0] - a[0];
  const dy = b[1] - a[1];
  const length = Math.hypot(dx, dy);
  if (length < 2 * radius + 1) return;
  const [ux, uy] = [dx / length, dy / length];
  const start: [number, number] = [a[0] + ux * radius, a[1] + uy * radius];
  const end: [number, number] = [b[0] - ux * (radius + 1), b[1] - uy * (radius + 1)];
  const [nx, ny] = [(-uy * wide) / 2, (ux * wide) / 2];
  if (curved) {
    const [mx, my] = bend(a, b);
    path.moveTo(start[0] + nx, start[1] + ny);
    path.quadraticCurveTo(mx + nx * 0.6, my + ny * 0.6, end[0], end[1]);
    path.quadraticCurveTo(mx - nx * 0.6, my - ny * 0.6, start[0] - nx, start[1] - ny);
  } else {
    path.moveTo(start[0], start[1]);
    path.lineTo(end[0], end[1]);
    path.lineTo(start[0] + 2 * nx, start[1] + 2 * ny);
  }
  path.closePath();
}
