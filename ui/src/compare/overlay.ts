// The same measure of several runs in one plot, on one time axis.

import type { Metrics, Series } from "../api/figures";
import type { PlotData } from "../plot/model";
import { runColor, runDash, runLetter } from "./looks";

/** Places of the common time axis. */
const PLACES = 600;

/** The measures that at least one of the runs has, in the order of the first that has them. */
export function measures(all: readonly (Metrics | null)[]): Series[] {
  const known = new Map<string, Series>();
  for (const metrics of all)
    for (const series of metrics?.series ?? [])
      if (!known.has(series.id)) known.set(series.id, series);
  return [...known.values()];
}

/** The value of a series at a moment; null outside of the run's time. */
export function valueAt(of: Metrics, series: Series, t: number): number | null {
  if (t < of.from || t > of.to) return null;
  const place = Math.min(series.values.length - 1, Math.floor((t - of.from) / of.dt));
  return series.values[place] ?? null;
}

/** One measure of all the runs. */
export function overlay(
  measure: Series,
  all: readonly (Metrics | null)[],
  names: readonly string[],
  dark: boolean,
): PlotData {
  const to = Math.max(0, ...all.map((metrics) => metrics?.to ?? 0));
  const x = Array.from({ length: PLACES + 1 }, (_, i) => (i * to) / PLACES);
  const curves = all.flatMap((metrics, place) => {
    const series = metrics?.series.find((one) => one.id === measure.id);
    if (!metrics || !series) return [];
    const dash = runDash(place);
    return {
      id: runLetter(place),
      name: `${runLetter(place)} ${names[place] ?? ""}`,
      values: x.map((t) => valueAt(metrics, series, t)),
      color: runColor(place, dark),
      ...(dash ? { dash } : {}),
    };
  });
  const title = measure.group === measure.name ? measure.name : `${measure.group}: ${measure.name}`;
  return {
    title,
    unit: measure.unit,
    xName: "time",
    xUnit: "s",
    x,
    curves,
    steps: measure.kind === "rate",
  };
}
