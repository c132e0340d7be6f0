// Which link is at a place on the screen.

import { type Camera, type Size, toScreen } from "../camera";
import type { LinkCard } from "../talk";
import type { Link } from "./links";
import type { Scene } from "./scene";
import { bend } from "./strokes";

/** How close a pointer must be, pixels. */
const REACH_PX = 5;

type Point = [number, number];

/** The nearest link within reach; the one drawn last among equals. */
export function hitLink(
  links: readonly Link[],
  scene: Scene,
  camera: Camera,
  size: Size,
  at: Point,
  curved: boolean,
): Link | null {
  const { places } = scene;
  const place = (i: number) => toScreen(camera, size, places[2 * i] ?? 0, places[2 * i + 1] ?? 0);
  let best = REACH_PX;
  let found: Link | null = null;
  for (const link of links) {
    const [a, b] = [place(link.from), place(link.to)];
    if (beside(a, b, at)) continue;
    const d = curved ? fromCurve(a, b, at) : fromLine(a, b, at);
    if (d <= best) {
      best = d;
      found = link;
    }
  }
  return found;
}

/** Is a place far from all of a link? */
function beside(a: Point, b: Point, at: Point): boolean {
  // A curve bows by less than a tenth of its length.
  const margin = REACH_PX + 0.1 * (Math.abs(b[0] - a[0]) + Math.abs(b[1] - a[1]));
  return (
    at[0] < Math.min(a[0], b[0]) - margin ||
    at[0] > Math.max(a[0], b[0]) + margin ||
    at[1] < Math.min(a[1], b[1]) - margin ||
    at[1] > Math.max(a[1], b[1]) + margin
  );
}

function fromLine(a: Point, b: Point, at: Point): number {
  const [dx, dy] = [b[0] - a[0], b[1] - a[1]];
  const along = ((at[0] - a[0]) * dx + (at[1] - a[1]) * dy) / Math.max(1e-9, dx * dx + dy * dy);
  const t = Math.min(1, Math.max(0, along));
  return Math.hypot(at[0] - a[0] - t * dx, at[1] - a[1] - t * dy);
}

const PIECES = 12;

function fromCurve(a: Point, b: Point, at: Point): number {
  const m = bend(a, b);
  let best = Infinity;
  let last = a;
  for (let i = 1; i <= PIECES; i++) {
    const t = i / PIECES;
    const u = 1 - t;
    const next: Point = [
      u * u * a[0] + 2 * u * t * m[0] + t * t * b[0],
      u * u * a[1] + 2 * u * t * m[1] + t * t * b[1],
    ];
    best = Math.min(best, fromLine(last, next, at));
    last = next;
  }
  return best;
}

/** What the page is told of a link. */
export function linkCard(link: Link, scene: Scene, hidden: readonly number[]): LinkCard {
  const kinds = new Map<number, [number, number, number]>();
  let lost = 0;
  for (const edge of link.edges)
    for (const cell of edge.kinds) {
      if (hidden.includes(cell.kind)) continue;
      lost += cell.lost;
      const row = kinds.get(cell.kind) ?? [cell.kind, 0, 0];
      row[1] += cell.count;
      row[2] += cell.bytes;
      kinds.set(cell.kind, row);
    }
  const { count, bytes } = link;
  const [from, to] = [scene.units[link.from] ?? 0, scene.units[link.to] ?? 0];
  const rows = [...kinds.values()].sort((a, b) => b[1] - a[1]);
  return { from, to, count, bytes, lost, kinds: rows };
}
