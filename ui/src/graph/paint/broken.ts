// Draws what is wrong with single links: a cut one is broken in its middle, one that loses or delays
// messages has a small diamond there.

import type { Conditions } from "../../api/faults";
import { type Weather, weatherOn } from "../../model/weather";
import type { Palette } from "../colors";
import type { WeatherReport } from "../talk";
import type { Link } from "./links";
import { bend, type Pen } from "./strokes";

/** Signs of a picture; more would hide what they are about. The report counts all. */
const SIGNS_MAX = 600;
/** A link shorter than this on the screen, from rim to rim, has no room for a sign, pixels. */
const ROOM_PX = 16;
/** Straight links bear their signs this far to their own right: the way back lies on the same line. */
const ASIDE_PX = 4;

/** A link with a sign on it. */
export interface BrokenLink {
  /** Indices of the discs at its ends. */
  from: number;
  to: number;
  isCut: boolean;
}

/** The links on which something is wrong. */
export interface Broken {
  marks: BrokenLink[];
  report: Omit<WeatherReport, "everywhere">;
}

/** Looks through the links of a picture with so many discs. A link between groups is cut when all of it is. */
export function brokenOf(links: readonly Link[], count: number, weather: Weather): Broken {
  const isBroken = weather.cuts.length > 0 || weather.links.some((link) => link.conditions);
  const out: Broken = { marks: [], report: { isBroken, cut: 0, worse: 0, conditions: null } };
  if (!isBroken) return out;
  const seen = new Set<number>();
  const ways = new Set<string>();
  for (const { from, to, edges } of links) {
    const key = from * count + to;
    if (seen.has(key)) continue;
    seen.add(key);
    const all = edges.map((edge) => weatherOn(weather, edge.from, edge.to));
    const isCut = all.every((on) => on.cut);
    const own = all.find((on) => on.own)?.own ?? null;
    if (!isCut && !own) continue;
    if (isCut) out.report.cut += 1;
    else out.report.worse += 1;
    if (own && !isCut) note(out, ways, own);
    if (out.marks.length < SIGNS_MAX) out.marks.push({ from, to, isCut });
  }
  return out;
}

function note({ report }: Broken, ways: Set<string>, own: Conditions): void {
  ways.add(JSON.stringify(own));
  report.conditions = ways.size === 1 ? own : null;
}

/** Where the discs are, and how links run between them. */
interface Ground {
  at: (index: number) => [number, number];
  radius: (index: number) => number;
  /** Are links bowed? */
  bowed: boolean;
  palette: Palette;
}

/** Draws the signs. */
export function drawBroken(g: Pen, links: readonly BrokenLink[], ground: Ground): void {
  const { palette } = ground;
  for (const { from, to, isCut } of links) {
    const [a, b] = [ground.at(from), ground.at(to)];
    const length = Math.hypot(b[0] - a[0], b[1] - a[1]);
    if (length - ground.radius(from) - ground.radius(to) < ROOM_PX) continue;
    const along: [number, number] = [(b[0] - a[0]) / length, (b[1] - a[1]) / length];
    const middle = ground.bowed ? onCurve(a, b) : beside(a, b, along);
    if (isCut) cut(g, middle, along, palette);
    else diamond(g, middle, palette);
  }
}

/** The middle of a curve. */
function onCurve(a: [number, number], b: [number, number]): [number, number] {
  const m = bend(a, b);
  return [(a[0] + 2 * m[0] + b[0]) / 4, (a[1] + 2 * m[1] + b[1]) / 4];
}

function beside(
  a: [number, number],
  b: [number, number],
  [ux, uy]: [number, number],
): [number, number] {
  return [(a[0] + b[0]) / 2 - uy * ASIDE_PX, (a[1] + b[1]) / 2 + ux * ASIDE_PX];
}

/** A gap in the line, and a bar at each side of it. */
function cut(g: Pen, [x, y]: [number, number], [ux, uy]: [number, number], palette: Palette): void {
  const bar = (at: number, half: number) => {
    g.beginPath();
    // A little aslant, as breaks are drawn on maps.
    g.moveTo(x + ux * (at - 1) - uy * half, y + uy * (at - 1) + ux * half);
    g.lineTo(x + ux * (at + 1) + uy * half, y + uy * (at + 1) - ux * half);
    g.stroke();
  };
  g.strokeStyle = palette.paper;
  g.lineWidth = 4;
  bar(0, 5);
  g.strokeStyle = palette.low;
  g.lineWidth = 1.5;
  bar(-2, 4.5);
  bar(2, 4.5);
}

function diamond(g: Pen, [x, y]: [number, number], palette: Palette): void {
  const half = 4;
  g.beginPath();
  g.moveTo(x, y - half);
  g.lineTo(x + half, y);
  g.lineTo(x, y + half);
  g.lineTo(x - half, y);
  g.closePath();
  g.fillStyle = palette.paper;
  g.fill();
  g.strokeStyle = palette.middle;
  g.lineWidth = 1.75;
  g.stroke();
}
