// A sweep as a plot: a place for each point, the mean of its seeds, and how far they spread.

import type { Measure, Sweep } from "../api/figures";
import type { Curve, PlotData } from "../plot/model";

/** Points that span more than this factor are read on a logarithmic axis. */
const DECADES = 10;

/** A measure in words: messages_sent is "messages sent". */
export function measureName(name: string): string {
  return name.replaceAll("_", " ");
}

/** The points as numbers; points that are no numbers take their places in order. */
export function places(of: Sweep): { x: number[]; named: boolean } {
  const numbers = of.points.map((point) => Number(point.value));
  const named = of.points.some(
    (point, i) => typeof point.value === "boolean" || !Number.isFinite(numbers[i]),
  );
  return { x: named ? of.points.map((_, i) => i + 1) : numbers, named };
}

/** One measure over the points of a sweep, with the spread over its seeds. */
export function sweepPlot(of: Sweep, name: string, color: string): PlotData {
  const { x, named } = places(of);
  const order = x.map((_, i) => i).sort((a, b) => (x[a] ?? 0) - (x[b] ?? 0));
  const at = (i: number): Measure | undefined => of.points[i]?.measures[name];
  const curve: Curve = {
    id: name,
    name: "mean over seeds",
    values: order.map((i) => at(i)?.mean ?? null),
    color,
    band: order.map((i) => {
      const measure = at(i);
      return measure ? ([measure.min, measure.max] as const) : null;
    }),
    dots: order.flatMap((i) => (at(i)?.values ?? []).map((value) => [x[i] ?? 0, value] as const)),
  };
  const sorted = order.map((i) => x[i] ?? 0);
  const low = sorted[0] ?? 0;
  const unit = of.points
    .map((point) => point.measures[name]?.unit)
    .find((one) => one !== undefined);
  return {
    title: `${measureName(name)} by ${of.parameter}`,
    unit: unit ?? "",
    xName: named ? `${of.parameter} (in order)` : of.parameter,
    xUnit: "",
    x: sorted,
    curves: [curve],
    logX: low > 0 && (sorted.at(-1) ?? 0) / low >= DECADES,
  };
}
