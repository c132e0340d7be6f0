// Which measures are drawn together, and in which colours.

import type { Metrics, Series } from "../api/figures";
import { kindColor } from "../graph/colors";
import type { Curve, PlotData } from "../plot/model";

const DASHES = ["", "6 3", "2 3", "8 3 2 3"];

/** The places of a run's columns on the time axis. */
export function columns(of: Metrics): number[] {
  const many = Math.max(0, ...of.series.map((s) => s.values.length));
  return Array.from({ length: many }, (_, i) => of.from + i * of.dt);
}

/** The series in their groups, in the order of the answer. */
export function grouped(of: Metrics): Map<string, Series[]> {
  const groups = new Map<string, Series[]>();
  for (const series of of.series) {
    const known = groups.get(series.group);
    if (known) known.push(series);
    else groups.set(series.group, [series]);
  }
  return groups;
}

/**
 * The plot of a group. A series that is named after a kind of message has that kind's colour in every
 * view; the others take the colours in order. From the eighth curve on, dashes tell them apart.
 */
export function plotOf(
  title: string,
  group: readonly Series[],
  x: readonly number[],
  kinds: readonly string[],
  dark: boolean,
): PlotData {
  const curves = group.map((series, i): Curve => {
    const kind = kinds.findIndex(
      (name) => series.name === name || series.name.startsWith(`${name} `),
    );
    const place = kind >= 0 ? kind : i % 7;
    const twins = group.slice(0, i).filter((other) => colorPlace(other, group, kinds) === place);
    const dash = DASHES[Math.min(twins.length, DASHES.length - 1)];
    return {
      id: series.id,
      name: series.name,
      values: series.values,
      color: kindColor(place, dark),
      ...(dash ? { dash } : {}),
    };
  });
  const first = group[0];
  return {
    title,
    unit: first?.unit ?? "",
    xName: "time",
    xUnit: "s",
    x,
    curves,
    steps: first?.kind === "rate",
  };
}

function colorPlace(series: Series, group: readonly Series[], kinds: readonly string[]): number {
  const kind = kinds.findIndex(
    (name) => series.name === name || series.name.startsWith(`${name} `),
  );
  return kind >= 0 ? kind : group.indexOf(series) % 7;
}
