// A plot as data: what is drawn, on which scales, and the same as a table.

import { type ScaleContinuousNumeric, scaleLinear, scaleLog } from "d3-scale";

/** One curve. A value of null is a gap. */
export interface Curve {
  id: string;
  name: string;
  values: readonly (number | null)[];
  color: string;
  /** A dash pattern, so that curves differ without their colours. */
  dash?: string;
  /** The spread around the values: lower and upper. */
  band?: readonly (readonly [number, number] | null)[];
  /** Single measurements, drawn as dots: [x, value]. */
  dots?: readonly (readonly [number, number])[];
}

/** A plot: curves over common places on the x axis. */
export interface PlotData {
  title: string;
  unit: string;
  xName: string;
  xUnit: string;
  x: readonly number[];
  curves: readonly Curve[];
  /** A value holds from its place to the next, as rates over a column do. */
  steps?: boolean;
  logX?: boolean;
  logY?: boolean;
}

/** The room inside the axes, in pixels. */
export interface Frame {
  left: number;
  top: number;
  width: number;
  height: number;
}

export type Scale = ScaleContinuousNumeric<number, number>;

/** The smallest and largest of the finite numbers; null when there are none. */
export function extent(values: Iterable<number>): [number, number] | null {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return low <= high ? [low, high] : null;
}

function* heights(of: PlotData): Iterable<number> {
  for (const curve of of.curves) {
    for (const value of curve.values) if (value !== null) yield value;
    for (const pair of curve.band ?? []) if (pair) yield* pair;
    for (const [, value] of curve.dots ?? []) yield value;
  }
}

function scale(domain: [number, number], range: [number, number], log: boolean): Scale {
  // A logarithm has no place for zero.
  if (log && domain[0] > 0) return scaleLog().domain(domain).range(range);
  const [low, high] = domain[0] === domain[1] ? [domain[0], domain[0] + 1] : domain;
  return scaleLinear().domain([low, high]).range(range);
}

/** The x and y scales of a plot within a frame. The y axis begins at zero unless it is logarithmic. */
export function scales(of: PlotData, frame: Frame): { x: Scale; y: Scale } {
  const across = extent(of.x) ?? [0, 1];
  const up = extent(heights(of)) ?? [0, 1];
  const low = of.logY ? up[0] : Math.min(0, up[0]);
  const x = scale(across, [frame.left, frame.left + frame.width], of.logX ?? false);
  const y = scale([low, up[1]], [frame.top + frame.height, frame.top], of.logY ?? false);
  return { x, y: y.nice(4) };
}

/** The place whose x is nearest. */
export function nearest(x: readonly number[], at: number): number {
  let low = 0;
  let high = x.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((x[middle] ?? 0) < at) low = middle + 1;
    else high = middle;
  }
  const before = x[low - 1];
  return before !== undefined && at - before < (x[low] ?? 0) - at ? low - 1 : low;
}

/** The column that holds at `at`, for values that hold from their place to the next. */
export function column(x: readonly number[], at: number): number {
  const near = nearest(x, at);
  return near > 0 && (x[near] ?? 0) > at ? near - 1 : near;
}

function cell(text: string): string {
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** The plot as CSV (RFC 4180): a row for each place, a column for each curve, units in the header. */
export function csv(of: PlotData): string {
  const named = (name: string, unit: string) => cell(unit ? `${name} [${unit}]` : name);
  const head = [named(of.xName, of.xUnit)];
  for (const curve of of.curves) {
    head.push(named(curve.name, of.unit));
    if (curve.band)
      head.push(named(`${curve.name} low`, of.unit), named(`${curve.name} high`, of.unit));
  }
  const rows = of.x.map((x, i) => {
    const row = [String(x)];
    for (const curve of of.curves) {
      row.push(String(curve.values[i] ?? ""));
      if (curve.band) row.push(...(curve.band[i] ?? ["", ""]).map(String));
    }
    return row.join(",");
  });
  return `${[head.join(","), ...rows].join("\r\n")}\r\n`;
}
