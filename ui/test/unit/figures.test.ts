// Comparisons, explorations and sweeps: what is drawn is what the lab computed.

import { describe, expect, it } from "vitest";
import type { Metrics, Series, Sweep } from "../../src/api/figures";
import { measures, overlay, valueAt } from "../../src/compare/overlay";
import { tally } from "../../src/explore/wall";
import { columns, grouped, plotOf } from "../../src/metrics/groups";
import { places, sweepPlot } from "../../src/sweep/points";

function series(id: string, group: string, values: (number | null)[]): Series {
  return { id, name: id, unit: "messages/s", group, kind: "rate", values, peak: null, mean: null };
}

function metrics(dt: number, all: Series[]): Metrics {
  return { from: 0, to: dt * (all[0]?.values.length ?? 0), dt, series: all, histograms: [] };
}

describe("metrics", () => {
  const of = metrics(0.5, [
    series("push", "sent", [1, 2]),
    series("ack", "sent", [3, 4]),
    series("done", "peers", [0, 9]),
  ]);

  it("are drawn in groups, a column each dt", () => {
    expect(columns(of)).toEqual([0, 0.5]);
    expect([...grouped(of)].map(([name, list]) => [name, list.length])).toEqual([
      ["sent", 2],
      ["peers", 1],
    ]);
  });

  it("give a kind of message the colour that it has everywhere", () => {
    const group = grouped(of).get("sent") ?? [];
    const plot = plotOf("sent", group, columns(of), ["ack", "push"], false);
    const other = plotOf("sent", group.toReversed(), columns(of), ["ack", "push"], false);
    const color = (name: string, curves = plot.curves) => curves.find((c) => c.id === name)?.color;
    expect(color("push")).toBe(color("push", other.curves));
    expect(color("push")).not.toBe(color("ack"));
  });

  it("use dashes when colours run out", () => {
    const many = Array.from({ length: 8 }, (_, i) => series(`s${i}`, "many", [1]));
    const looks = plotOf("many", many, [0], [], false).curves.map((c) => `${c.color} ${c.dash}`);
    expect(new Set(looks).size).toBe(8);
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
