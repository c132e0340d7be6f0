// What a chart consists of on the screen: boxes, arrows, and where they lie.

import type { Chart } from "../api/history";

/** Size of a state's box without states in it, pixels. */
export const STATE_WIDTH = 168;
export const STATE_HEIGHT = 74;
/** Room above the states within a state, for its own name and count. */
export const HEADER = 28;

/** The name of the point that a chart begins at. */
export const INITIAL = "\u0000initial";

export interface Box {
  name: string;
  x: number;
  y: number;
  width: number;
  height: number;
  /** Has it states within? */
  parent: boolean;
  depth: number;
}

export interface Path {
  from: string;
  to: string;
  points: [number, number][];
  /** Where its words stand. */
  label: [number, number];
}

export interface Layout {
  width: number;
  height: number;
  boxes: Box[];
  paths: Path[];
}

/** One arrow for each pair of states; what triggers it may differ. */
export interface ChartArrow {
  from: string;
  to: string;
  count: number;
  triggers: string[];
  words: string;
}

/** The transitions, those between the same two states together. */
export function arrowsOf(chart: Chart): ChartArrow[] {
  const arrows = new Map<string, ChartArrow>();
  for (const { from, to, count, triggers } of chart.transitions) {
    if (from === null || to === null) continue;
    const key = `${from} ${to}`;
    const arrow = arrows.get(key) ?? { from, to, count: 0, triggers: [], words: "" };
    arrows.set(key, arrow);
    arrow.count += count;
    for (const [name] of triggers)
      if (name && !arrow.triggers.includes(name)) arrow.triggers.push(name);
  }
  for (const arrow of arrows.values()) {
    const [first, second] = arrow.triggers;
    const more = arrow.triggers.length > 2 ? ", …" : "";
    const what = first ? `${first}${second ? `, ${second}` : ""}${more} ` : "";
    arrow.words = `${what}× ${arrow.count.toLocaleString("en-US")}`;
  }
  return [...arrows.values()];
}
