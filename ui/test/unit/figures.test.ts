// Comparisons, explorations and sweeps: what is drawn is what the lab computed.

import { describe, expect, it } from "vitest";
import type { Metrics, Series, Sweep } from "../../src/api/figures";
import { measures, overlay, valueAt } from "../../src/compare/overlay";
import { tally } from "../../src/explore/wall";
import { columns, type Direction, groupsOf, plotOf } from "../../src/metrics/groups";
import { places, sweepPlot } from "../../src/sweep/points";

function series(id: string, group: string, values: (number | null)[]): Series {
  return { id, name: id, unit: "messages/s", group, kind: "rate", values, peak: null, mean: null };
}

function metrics(dt: number, all: Series[]): Metrics {
  return { from: 0, to: dt * (all[0]?.values.length ?? 0), dt, series: all, histograms: [] };
}

describe("metrics", () => {
  const target = (part: string, values: number[]) => ({
    ...series(`target:messages:${part}`, "progress", values),
    ...{ unit: "", kind: "gauge" as const },
  });
  const of = metrics(0.5, [
    series("sent", "messages", [4, 6]),
    series("sent:push", "messages", [1, 2]),
    series("sent:ack", "messages", [3, 4]),
    series("lost:push", "messages", [0, 1]),
    { ...series("in_flight", "messages", [0, 9]), unit: "messages" },
    target("min", [0, 1]),
    target("median", [1, 2]),
    target("max", [2, 3]),
    series("cpu:1", "processor", [0.5, 0.6]),
  ]);
  const group = (id: string, direction: Direction = "sent") =>
    groupsOf(of, direction).find((one) => one.id === id);

  it("have a column each dt", () => expect(columns(of)).toEqual([0, 0.5]));

  it("are drawn in groups: totals, kinds in one direction, and whatever else there is", () => {
    const ids = groupsOf(of, "lost").map((one) => one.id);
    expect(ids).toEqual([
      "messages",
      "messages-kinds",
      "under-way",
      "progress-messages",
      "processor",
    ]);
    expect(group("messages")?.series.map((one) => one.id)).toEqual(["sent"]);
    expect(group("messages-kinds")?.series.map((one) => one.name)).toEqual(["push", "ack"]);
    expect(group("messages-kinds", "lost")?.series.map((one) => one.name)).toEqual(["push"]);
  });

  it("show progress as a middle with its spread", () => {
    const progress = group("progress-messages");
    if (!progress) throw new Error("no progress");
    const plot = plotOf(progress, columns(of), [], false);
    expect(plot.curves[0]?.values).toEqual([1, 2]);
    expect(plot.curves[0]?.band).toEqual([
      [0, 2],
      [1, 3],
    ]);
  });

  it("give a kind of message the colour that it has everywhere", () => {
    const kinds = group("messages-kinds");
    if (!kinds) throw new Error("no kinds");
    const turned = { ...kinds, series: kinds.series.toReversed() };
    const color = (id: string, from = kinds) =>
      plotOf(from, columns(of), ["ack", "push"], false).curves.find((c) => c.id === id)?.color;
    expect(color("sent:push")).toBe(color("sent:push", turned));
    expect(color("sent:push")).not.toBe(color("sent:ack"));
  });

  it("use dashes when colours run out", () => {
    const many = Array.from({ length: 8 }, (_, i) => series(`s${i}`, "many", [1]));
    const plot = plotOf({ id: "many", title: "many", series: many }, [0], [], false);
    expect(new Set(plot.curves.map((c) => `${c.color} ${c.dash}`)).size).toBe(8);
  });
});

describe("comparisons", () => {
  const short = metrics(1, [series("sent", "sent", [5, 6])]);
  const long = metrics(2, [series("sent", "sent", [7, 8]), series("lost", "lost", [0, 1])]);

  it("have every measure that one of the runs has", () => {
    expect(measures([short, null, long]).map((one) => one.id)).toEqual(["sent", "lost"]);
  });

  it("put runs of different lengths on one axis", () => {
    const [sent] = measures([short, long]);
    if (!sent) throw new Error("no measure");
    const plot = overlay(sent, [short, long], ["a", "b"], false);
    expect([plot.x[0], plot.x.at(-1)]).toEqual([0, 4]);
    expect(plot.curves.map((c) => c.id)).toEqual(["A", "B"]);
    expect(plot.curves[0]?.values.at(-1)).toBeNull();
    expect(plot.curves[1]?.values.at(-1)).toBe(8);
    expect(plot.curves[0]?.dash).not.toBe(plot.curves[1]?.dash);
  });

  it("read a value from the column that holds", () => {
    const [of] = long.series;
    if (!of) throw new Error("no series");
    expect([-1, 0, 1.99, 2, 4, 4.01].map((t) => valueAt(long, of, t))).toEqual([
      null,
      7,
      7,
      8,
      8,
      null,
    ]);
  });
});

describe("explorations", () => {
  it("count outcomes, those that have not run last", () => {
    expect(tally("cc.v....")).toEqual([
      ["c", 2],
      ["v", 1],
      [".", 5],
    ]);
  });
});

describe("sweeps", () => {
  const point = (value: number | string, values: number[]) => {
    const [min, max] = [Math.min(...values), Math.max(...values)];
    const mean = values.reduce((a, b) => a + b, 0) / values.length;
    const sent = { unit: "messages", mean, min, max, p50: mean, sd: 0, values };
    return { value, runs: values.length, done: values.length, measures: { sent } };
  };
  const sweep: Sweep = {
    ...{ job: "j1", experiment: "flood", state: "ended", parameter: "peers", measures: ["sent"] },
    points: [point(1000, [8, 10]), point(10, [1, 3])],
  };

  it("are drawn in order, with their spread and every run", () => {
    const plot = sweepPlot(sweep, "sent", "#000");
    expect(plot.x).toEqual([10, 1000]);
    expect(plot.logX).toBe(true);
    expect(plot.curves[0]?.values).toEqual([2, 9]);
    expect(plot.curves[0]?.band).toEqual([
      [1, 3],
      [8, 10],
    ]);
    expect(plot.curves[0]?.dots).toHaveLength(4);
  });

  it("take points that are no numbers in their order", () => {
    const named = { ...sweep, points: [point("on", [1]), point("off", [2])] };
    expect(places(named)).toEqual({ x: [1, 2], named: true });
    expect(sweepPlot(named, "sent", "#000").xName).toBe("peers (in order)");
  });
});
