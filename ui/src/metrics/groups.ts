// Which measures are drawn together, and in which colours.

import type { Metrics, Series } from "../api/figures";
import { kindColor } from "../graph/colors";
import type { Curve, PlotData } from "../plot/model";

const DASHES = ["", "6 3", "2 3", "8 3 2 3"];

/** Which way messages are counted when they are told apart by kind. */
export type Direction = "sent" | "delivered" | "lost";

/** Measures that belong into one plot. */
export interface Group {
  id: string;
  title: string;
  series: Series[];
  /** Least and most around a middle: drawn as one curve with its spread. */
  spread?: { low: Series; middle: Series; high: Series };
}

/** The places of a run's columns on the time axis. */
export function columns(of: Metrics): number[] {
  const many = Math.max(0, ...of.series.map((s) => s.values.length));
  return Array.from({ length: many }, (_, i) => of.from + i * of.dt);
}

const TITLES: Record<string, string> = {
  messages: "Messages a second",
  bytes: "Bytes a second",
  latency: "Mean latency",
  peers: "Peers",
  indications: "Indications a second",
};

/** The kind of message that a series is about; none for all kinds together. */
export function kindOf(series: Series): string | null {
  const [measure, ...kind] = series.id.split(":");
  const byKind = /^(sent|delivered|lost)(_bytes)?$|^latency$/.test(measure ?? "");
  return byKind && kind.length > 0 ? kind.join(":") : null;
}

function byKind(id: string, title: string, prefix: string, all: readonly Series[]): Group {
  const series = all
    .filter((one) => one.id.startsWith(`${prefix}:`))
    .map((one) => ({ ...one, name: kindOf(one) ?? one.name }));
  return { id, title, series };
}

function progress(all: readonly Series[]): Group[] {
  const targets = new Map<string, Map<string, Series>>();
  for (const series of all) {
    const [, target, part] = /^target:(.+):(min|median|max|sum|met)$/.exec(series.id) ?? [];
    if (!target || !part) continue;
    if (!targets.has(target)) targets.set(target, new Map());
    targets.get(target)?.set(part, series);
  }
  return [...targets].flatMap(([target, parts]) => {
    const [low, middle, high] = ["min", "median", "max"].map((part) => parts.get(part));
    if (!low || !middle || !high) return [];
    const named = { ...middle, name: "median, from least to most" };
    return {
      ...{ id: `progress-${target}`, title: `Progress: ${target}`, series: [named] },
      spread: { low, middle: named, high },
    };
  });
}

/** All plots of a run's measures, in the order in which people ask for them. */
export function groupsOf(of: Metrics, direction: Direction): Group[] {
  const all = of.series.filter((series) => series.values.length > 0);
  const total = (group: string, test: (series: Series) => boolean): Group => ({
    id: group,
    title: TITLES[group] ?? group,
    series: all.filter((series) => series.group === group && test(series)),
  });
  const isTotal = (series: Series) => series.unit.endsWith("/s") && kindOf(series) === null;
  const known = new Set(["messages", "bytes", "latency", "peers", "progress", "indications"]);
  const others = [...new Set(all.map((series) => series.group))].filter(
    (group) => !known.has(group),
  );
  const met = all.filter((series) => /^target:.+:met$/.test(series.id));
  const peers = total("peers", () => true);
  const groups: Group[] = [
    total("messages", isTotal),
    byKind("messages-kinds", `Messages ${direction} a second, by kind`, direction, all),
    total("bytes", isTotal),
    byKind("bytes-kinds", `Bytes ${direction} a second, by kind`, `${direction}_bytes`, all),
    {
      id: "under-way",
      title: "Messages under way",
      series: all.filter((s) => s.id === "in_flight"),
    },
    byKind("latency", "Mean latency, by kind", "latency", all),
    { ...peers, series: [...peers.series, ...met] },
    ...progress(all),
    total("indications", () => true),
    ...others.map((group) => total(group, () => true)),
  ];
  return groups.filter((group) => group.series.length > 0);
}

/**
 * The plot of a group. A series of one kind of message has that kind's colour in every view; the others
 * take the colours in order. From the eighth curve on, dashes tell them apart.
 */
export function plotOf(
  group: Group,
  x: readonly number[],
  kinds: readonly string[],
  dark: boolean,
): PlotData {
  const places = group.series.map((series, i) => {
    const kind = kinds.indexOf(kindOf(series) ?? "");
    return kind >= 0 ? kind : i % 7;
  });
  const curves = group.series.map((series, i): Curve => {
    const place = places[i] ?? 0;
    const twins = places.slice(0, i).filter((other) => other === place).length;
    const dash = DASHES[Math.min(twins, DASHES.length - 1)];
    return {
      id: series.id,
      name: series.name,
      values: series.values,
      color: kindColor(place, dark),
      ...(dash ? { dash } : {}),
      ...(group.spread ? { band: bandOf(group.spread) } : {}),
    };
  });
  const first = group.series[0];
  return {
    title: group.title,
    unit: first?.unit ?? "",
    xName: "time",
    xUnit: "s",
    x,
    curves,
    steps: first?.kind === "rate",
  };
}

function bandOf({ low, high }: { low: Series; high: Series }): ([number, number] | null)[] {
  return low.values.map((least, i) => {
    const most = high.values[i];
    return least === null || most == null ? null : [least, most];
  });
}
