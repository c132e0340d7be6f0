// Plots as data: the table is what is drawn, and the place under the pointer is the right one.

import { describe, expect, it } from "vitest";
import { histogramCsv } from "../../src/plot/histogram";
import { column, csv, nearest, type PlotData, scales } from "../../src/plot/model";
import { fileName } from "../../src/plot/save";
import { inUnit, onAxis } from "../../src/plot/units";

const data: PlotData = {
  title: "Messages",
  unit: "messages/s",
  xName: "time",
  xUnit: "s",
  x: [0, 1, 2],
  curves: [
    { id: "a", name: 'say, "a"', values: [1, null, 3], color: "#000" },
    { id: "b", name: "b", values: [4, 5, 6], color: "#000", band: [[3, 5], null, [6, 7]] },
  ],
};

describe("plots", () => {
  it("become tables that keep gaps, spreads and quotes", () => {
    expect(csv(data)).toBe(
      'time [s],"say, ""a"" [messages/s]",b [messages/s],b low [messages/s],b high [messages/s]\r\n' +
        "0,1,4,3,5\r\n1,,5,,\r\n2,3,6,6,7\r\n",
    );
  });

  it("find the place that is nearest, and the column that holds", () => {
    expect([-1, 0.4, 0.6, 9].map((at) => nearest(data.x, at))).toEqual([0, 0, 1, 2]);
    expect([-1, 0.4, 0.6, 1, 9].map((at) => column(data.x, at))).toEqual([0, 0, 0, 1, 2]);
  });

  it("begin at zero, show all of a spread, and need no values", () => {
    const frame = { left: 10, top: 0, width: 100, height: 100 };
    const { x, y } = scales(data, frame);
    expect([x(0), x(2), y(0)]).toEqual([10, 110, 100]);
    expect(y(7)).toBeGreaterThanOrEqual(0);
    expect(scales({ ...data, x: [], curves: [] }, frame).y(0)).toBe(100);
  });

  it("use a logarithm only where there is one", () => {
    const frame = { left: 0, top: 0, width: 100, height: 100 };
    const decades = { ...data, x: [1, 10, 100], logX: true };
    expect(scales(decades, frame).x(10)).toBeCloseTo(50);
    expect(scales({ ...data, logX: true }, frame).x(1)).toBeCloseTo(50);
  });

  it("say values with their units", () => {
    expect(inUnit(1234, "messages/s")).toBe("1.23 k messages/s");
    expect(inUnit(0.0123, "s")).toBe("12.3 ms");
    expect(inUnit(12, "peers")).toBe("12 peers");
    const axis = [0, 150_000, 1_000, 1_500_000].map((value) => onAxis(value, "messages"));
    expect(axis).toEqual(["0", "150 k", "1 k", "1.5 M"]);
    expect([0.2, 2, 100].map((t) => onAxis(t, "s"))).toEqual(["0.2 s", "2 s", "1 min 40 s"]);
    expect(onAxis(50_000, "B/s")).toBe("50 kB");
  });

  it("have file names without surprises", () => {
    expect(fileName("Latency: push / pull", "svg")).toBe("latency-push-pull.svg");
    expect(fileName("…", "csv")).toBe("plot.csv");
  });

  it("write histograms bucket by bucket", () => {
    const of = { id: "h", name: "h", unit: "s", p50: 1, p90: 2, p99: 2, max: 2, n: 3 };
    expect(histogramCsv({ ...of, buckets: [[0, 1, 2]] })).toBe(
      "from [s],to [s],count\r\n0,1,2\r\n",
    );
  });
});
