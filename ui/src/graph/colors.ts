// Colours of the picture: kinds of message by Okabe and Ito, progress from red over amber to green.

/** At most seven kinds have a colour of their own. */
const OKABE_ITO = [
  "#0072b2",
  "#e69f00",
  "#009e73",
  "#cc79a7",
  "#56b4e9",
  "#d55e00",
  "#b8a500",
] as const;
const OKABE_ITO_DARK = [
  "#4a9fd8",
  "#e69f00",
  "#1fb890",
  "#d99abf",
  "#8accf2",
  "#f07f3c",
  "#f0e442",
] as const;

/** The colour of a kind of message, the same in every view. */
export function kindColor(kind: number, dark: boolean): string {
  const colors = dark ? OKABE_ITO_DARK : OKABE_ITO;
  return colors[kind] ?? (dark ? "#8a9099" : "#8a857c");
}

/** The colours that the canvas takes from the style sheet. */
export interface Palette {
  dark: boolean;
  paper: string;
  surface: string;
  line: string;
  ink: string;
  quiet: string;
  accent: string;
  low: string;
  middle: string;
  high: string;
}

/** Reads the palette from the page's present theme. */
export function readPalette(dark: boolean): Palette {
  const style = getComputedStyle(document.documentElement);
  const of = (name: string) => style.getPropertyValue(`--${name}`).trim();
  return {
    dark,
    paper: of("paper"),
    surface: of("surface"),
    line: of("line"),
    ink: of("ink"),
    quiet: of("quiet"),
    accent: of("accent"),
    low: of("low"),
    middle: of("middle"),
    high: of("high"),
  };
}

function channels(hex: string): [number, number, number] {
  const n = Number.parseInt(hex.slice(1), 16);
  return [(n >> 16) & 255, (n >> 8) & 255, n & 255];
}

/** A colour between two, both as #rrggbb. */
export function mix(from: string, to: string, share: number): string {
  const a = channels(from);
  const b = channels(to);
  const part = (i: 0 | 1 | 2) => Math.round(a[i] + (b[i] - a[i]) * share);
  return `rgb(${part(0)}, ${part(1)}, ${part(2)})`;
}

/** Red over amber to green, for a share from 0 to 1. */
export function progressColor(share: number, of: Pick<Palette, "low" | "middle" | "high">): string {
  return share < 0.5 ? mix(of.low, of.middle, share * 2) : mix(of.middle, of.high, share * 2 - 1);
}
