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
  return [...known.values()].sort((a, b) => weight(a) - weight(b));
}

/** What people compare first: totals and progress before kinds of message. */
function weight(series: Series): number {
  if (/^(sent|in_flight|latency|done)$|^target:.+:(median|met)$/.test(series.id)) return 0;
  return series.id.includes(":") ? 2 : 1;
}

/** The value of a series at a moment; null outside of the run's time. */
export function valueAt(of: Metrics, series: Series, t: number): number | null {
  if (t < of.from || t > of.to) return null;
  const place = Math.min(series.values.length - 1, Math.floor((t - of.from) / of.dt));
  return series.values[place] ?? null;
}

function titleOf(measure: Series): string {
  const rate = measure.kind === "rate" && measure.unit.endsWith("/s") ? " a second" : "";
  const noun = measure.unit === "messages/s" ? `messages ${measure.name}` : measure.name;
  return noun.charAt(0).toUpperCase() + noun.slice(1) + rate;
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
  return {
    title: titleOf(measure),
    unit: measure.unit,
    xName: "time",
    xUnit: "s",
    x,
    curves,
    steps: measure.kind === "rate",
  };
}
