// What the diagram is drawn with: colours, and what a person has chosen to see.

import { kindColor, type Palette, readPalette } from "../../graph/colors";
import type { Cones } from "../cones";
import type { Landmarks } from "../landmarks";

/** The page's palette, and the tints of the cones: blue and orange, which everybody tells apart. */
export interface Theme extends Palette {
  violation: string;
  past: string;
  future: string;
}

/** Reads the present theme from the style sheet. */
export function readTheme(dark: boolean): Theme {
  const style = getComputedStyle(document.documentElement);
  return {
    ...readPalette(dark),
    violation: style.getPropertyValue("--violation").trim(),
    past: dark ? "#58b7e0" : "#0072b2",
    future: dark ? "#f0a23c" : "#d98200",
  };
}

export interface Look {
  theme: Theme;
  /** Kinds of message that are not drawn. */
  hidden: ReadonlySet<number>;
  /** What is lit: that of the selected event, or of the one under the pointer. */
  cones: Cones | null;
  landmarks: Landmarks;
  /** Name of a peer. */
  label: (peer: number) => string;
  /** Number of a kind of message. */
  kindOf: (name: string) => number;
  /** Rows that a person has chosen. */
  pinned: ReadonlySet<number>;
  /** The peers of the link that is selected on the page. */
  link: readonly [number, number] | null;
  /** The peer that is selected on the page. */
  peer: number | null;
}

/** The colour of a message, the same as in every view. */
export function arrowColor(look: Look, kind: number): string {
  return kindColor(kind, look.theme.dark);
}

/** A colour of the palette, made transparent. */
export function faded(color: string, alpha: number): string {
  const digits = Math.round(Math.max(0, Math.min(1, alpha)) * 255)
    .toString(16)
    .padStart(2, "0");
  return color.length === 7 ? color + digits : color;
}

export const SMALL_FONT = "11px system-ui, -apple-system, 'Segoe UI', 'Noto Sans', sans-serif";
export const LABEL_FONT = "12px system-ui, -apple-system, 'Segoe UI', 'Noto Sans', sans-serif";

/** The text, cut so that it fits; empty when not even a few letters do. */
export function fitted(g: CanvasRenderingContext2D, text: string, width: number): string {
  if (width < 18) return "";
  if (g.measureText(text).width <= width) return text;
  let [low, high] = [0, text.length];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (g.measureText(`${text.slice(0, middle)}…`).width <= width) low = middle;
    else high = middle - 1;
  }
  return low < 2 ? "" : `${text.slice(0, low).trimEnd()}…`;
}
