// From time and rows to pixels and back; zooming and panning; where the ticks of the axis stand.

/** A span of run time, seconds. */
export type Span = readonly [from: number, to: number];

/** Room for the peers' names. */
export const GUTTER_PX = 64;
/** Room for the times, and below them for the words of faults. */
export const AXIS_PX = 22;
export const WORDS_PX = 16;
/** Room that is left free behind the last moment. */
export const MARGIN_PX = 14;

/** Rows are no lower than this; when they do not fit, they scroll. */
export const ROW_PX_MIN = 10;
export const ROW_PX_MAX = 56;
/** The shortest span that can be looked at. */
export const SPAN_S_MIN = 2e-7;

/** How the diagram lies on its canvas, in CSS pixels. */
export interface Frame {
  span: Span;
  width: number;
  height: number;
  /** Height of a row, and how far the rows are scrolled up. */
  row: number;
  scroll: number;
}

export const top = AXIS_PX + WORDS_PX;

const inner = (frame: Frame) => Math.max(1, frame.width - GUTTER_PX - MARGIN_PX);

/** Where a moment is. */
export function xOf(frame: Frame, t: number): number {
  const [from, to] = frame.span;
  return GUTTER_PX + ((t - from) / (to - from)) * inner(frame);
}

/** Which moment is at a place. */
export function timeAt(frame: Frame, x: number): number {
  const [from, to] = frame.span;
  return from + ((x - GUTTER_PX) / inner(frame)) * (to - from);
}

/** Seconds in a pixel. */
export function secondsPerPixel(frame: Frame): number {
  return (frame.span[1] - frame.span[0]) / inner(frame);
}

/** The middle of a row. */
export function yOf(frame: Frame, row: number): number {
  return top + (row + 0.5) * frame.row - frame.scroll;
}

/** Which row is at a place; it may be one that does not exist. */
export function rowAt(frame: Frame, y: number): number {
  return Math.floor((y - top + frame.scroll) / frame.row);
}

/** The height of rows that fits so many, scaled by hand, within bounds. */
export function rowHeight(frame: Pick<Frame, "height">, rows: number, scale: number): number {
  const fit = (frame.height - top - 8) / Math.max(1, rows);
  return Math.max(ROW_PX_MIN, Math.min(ROW_PX_MAX, fit) * scale);
}

/** A scroll position that does not leave the rows. */
export function clampScroll(frame: Frame, rows: number): number {
  const most = rows * frame.row - (frame.height - top - 8);
  return Math.max(0, Math.min(frame.scroll, most));
}

/** Zooms so that the moment `t` stays where it is; at most the whole run, at least a moment. */
export function zoom(span: Span, t: number, factor: number, end: number): Span {
  const [from, to] = span;
  const wide = Math.min(Math.max(end, SPAN_S_MIN), Math.max(SPAN_S_MIN, (to - from) / factor));
  const share = (t - from) / (to - from);
  return inside([t - share * wide, t + (1 - share) * wide], end);
}

/** Moves by so many seconds, within the run. */
export function pan(span: Span, by: number, end: number): Span {
  return inside([span[0] + by, span[1] + by], end);
}

/** The span, pushed into the run without a change of its length, if it fits. */
export function inside(span: Span, end: number): Span {
  const wide = Math.min(span[1] - span[0], Math.max(end, SPAN_S_MIN));
  const from = Math.max(0, Math.min(span[0], end - wide));
  return [from, from + wide];
}

/** A span around a moment that shows `wide` seconds. */
export function around(t: number, wide: number, end: number): Span {
  return inside([t - wide / 2, t + wide / 2], end);
}

/** Steps of an axis: 1, 2 or 5 times a power of ten, at least `apart` pixels from each other. */
export function ticks(frame: Frame, apart = 90): { step: number; at: number[] } {
  const least = secondsPerPixel(frame) * apart;
  const power = 10 ** Math.floor(Math.log10(least));
  const step = [1, 2, 5, 10].map((m) => m * power).find((s) => s >= least) ?? 10 * power;
  const at: number[] = [];
  for (let n = Math.ceil(frame.span[0] / step - 1e-9); n * step <= frame.span[1]; n++)
    at.push(n * step);
  return { step, at };
}

const UNITS: [number, string][] = [
  [1, "s"],
  [1e-3, "ms"],
  [1e-6, "µs"],
  [1e-9, "ns"],
];

/** A moment on an axis with this step: as many digits as tell neighbors apart, one unit for all. */
export function tickText(t: number, step: number, longest: number): string {
  const [unit, name] = UNITS.find(([size]) => longest >= size * 0.9999) ?? [1e-9, "ns"];
  const digits = Math.max(0, Math.min(9, Math.ceil(-Math.log10(step / unit) - 1e-9)));
  return `${(t / unit).toFixed(digits)} ${name}`;
}
