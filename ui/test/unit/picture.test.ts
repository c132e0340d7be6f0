// The picture's geometry: layouts, camera, which links are drawn and how.

import { describe, expect, it } from "vitest";
import { fitAll, toPicture, toScreen, zoomAt } from "../../src/graph/camera";
import { mix, progressColor } from "../../src/graph/colors";
import { circle, grid, ONE_CIRCLE_MAX, spacing } from "../../src/graph/layout/ring";
import { Links, opacity, width } from "../../src/graph/paint/links";
import { pack } from "../../src/graph/paint/raster";
import { Scene, unitsOf } from "../../src/graph/paint/scene";
import { partners } from "../../src/inspector/partners";
import type { Bench } from "../../src/model/run";
import { sorted } from "../../src/targets/order";
import { benchOf } from "./bench";

function closest(points: Float32Array): number {
  let least = Infinity;
  for (let a = 0; a < points.length; a += 2)
    for (let b = a + 2; b < points.length; b += 2)
      least = Math.min(
        least,
        Math.hypot(
          (points[a] ?? 0) - (points[b] ?? 0),
          (points[a + 1] ?? 0) - (points[b + 1] ?? 0),
        ),
      );
  return least;
}

describe("layouts", () => {
  it("puts few peers on one circle, the first on top", () => {
    const points = circle(10);
    for (let i = 0; i < 10; i++)
      expect(Math.hypot(points[2 * i] ?? 0, points[2 * i + 1] ?? 0)).toBeCloseTo(1);
    expect(points[0]).toBeCloseTo(0);
    expect(points[1]).toBeCloseTo(-1);
  });

  it.each([0, 1, 2, ONE_CIRCLE_MAX, ONE_CIRCLE_MAX + 1, 200, 1000])(
    "places %i peers apart from each other, within the picture",
    (count) => {
      const points = circle(count);
      expect(points).toHaveLength(2 * count);
      expect(points.every((v) => Math.abs(v) <= 1.0001)).toBe(true);
      if (count > 1) expect(closest(points)).toBeGreaterThan(spacing(points) * 0.6);
    },
  );

  it("places groups on a grid", () => {
    const points = grid(1021);
    expect(points).toHaveLength(2042);
    expect(closest(points)).toBeGreaterThan(0.9 * spacing(points));
  });
});

describe("the camera", () => {
  const size = { width: 800, height: 600 };
  const camera = { x: 0.5, y: -0.25, scale: 200 };

  it("goes to the screen and back", () => {
    const [x, y] = toPicture(camera, size, ...toScreen(camera, size, 0.3, 0.7));
    expect(x).toBeCloseTo(0.3);
    expect(y).toBeCloseTo(0.7);
  });

  it("keeps what is under the pointer when it zooms", () => {
    const at: [number, number] = [123, 456];
    const before = toPicture(camera, size, ...at);
    const after = toPicture(zoomAt(camera, size, at, 1.7, 200), size, ...at);
    expect(after[0]).toBeCloseTo(before[0]);
    expect(after[1]).toBeCloseTo(before[1]);
  });

  it("does not zoom without end", () => {
    let now = camera;
    for (let i = 0; i < 200; i++) now = zoomAt(now, size, [0, 0], 2, 200);
    expect(now.scale).toBe(200 * 80);
  });

  it("fits all points within the margin", () => {
    const points = circle(50);
    const fitted = fitAll(points, size, { x: 40, y: 40 });
    for (let i = 0; i < points.length; i += 2) {
      const [x, y] = toScreen(fitted, size, points[i] ?? 0, points[i + 1] ?? 0);
      expect(x).toBeGreaterThanOrEqual(39);
      expect(x).toBeLessThanOrEqual(761);
      expect(y).toBeGreaterThanOrEqual(39);
      expect(y).toBeLessThanOrEqual(561);
    }
  });
});

describe("links", () => {
  function linksOf(bench: Bench, community: number | null = null, hidden: number[] = []) {
    const links = new Links();
    const scene = new Scene(bench, unitsOf(bench, null, null, []), null);
    links.gather(bench, scene, community, new Set(hidden));
    return links;
  }

  it("fade by half with each second of run time, never to nothing", () => {
    const [now, one, two] = [opacity(0), opacity(1), opacity(2)];
    const floor = opacity(100);
    expect((now - floor) / (one - floor)).toBeCloseTo(2);
    expect((one - floor) / (two - floor)).toBeCloseTo(2);
    expect(floor).toBeGreaterThan(0);
  });

  it("are wider for more messages, as the logarithm", () => {
    const wide = (count: number) => width({ count, bytes: 0 }, "count");
    expect(wide(7) - wide(3)).toBeCloseTo(wide(15) - wide(7));
    expect(width({ count: 1, bytes: 128 }, "bytes")).toBeCloseTo(wide(1));
  });

  it("are the latest when there is room for few", () => {
    const bench = benchOf(4, [
      [1, 2, 0, 1],
      [2, 3, 0, 3],
      [3, 4, 0, 2],
    ]);
    const links = linksOf(bench);
    expect(links.list).toHaveLength(3);
    expect(links.latest(3, 2, -1).map((l) => l.edges[0]?.from)).toEqual([3, 2]);
    // Whatever touches the disc in focus is drawn besides, and lies on top.
    expect(links.latest(3, 1, 0).map((l) => l.edges[0]?.from)).toEqual([2, 1]);
  });

  it("leave out hidden kinds and other communities", () => {
    const bench = benchOf(4, [
      [1, 2, 0, 1],
      [2, 3, 1, 1],
    ]);
    expect(linksOf(bench, null, [1]).list.map((l) => l.edges[0]?.to)).toEqual([2]);
    expect(linksOf(bench, 5).list).toEqual([]);
  });
});

describe("colours", () => {
  const palette = { low: "#c2412d", middle: "#d9a441", high: "#2f8f5b" };

  it("go from red over amber to green", () => {
    expect(progressColor(0, palette)).toBe("rgb(194, 65, 45)");
    expect(progressColor(0.5, palette)).toBe("rgb(217, 164, 65)");
    expect(progressColor(1, palette)).toBe("rgb(47, 143, 91)");
    expect(mix("#000000", "#ffffff", 0.5)).toBe("rgb(128, 128, 128)");
  });

  it("are packed the same from both spellings", () => {
    expect(pack("#2f8f5b")).toBe(pack("rgb(47, 143, 91)"));
    expect(pack("#010203") >>> 0).toBe(0xff030201);
  });
});

it("sorts peers by a target, equal ones by number", () => {
  const bench = benchOf(4, []);
  bench.take({
    type: "frame",
    t: 1,
    peers: [
      [1, 1, 0, [[0, 5, 10]], [], 0],
      [2, 1, 0, [[0, 9, 10]], [], 0],
      [3, 2, 0, [[0, 5, 10]], [], 0],
    ],
  });
  expect([...sorted(bench, { by: 0, down: true })]).toEqual([2, 1, 3, 4]);
  expect([...sorted(bench, { by: 0, down: false })]).toEqual([4, 1, 3, 2]);
  expect([...sorted(bench, { by: "status", down: true })]).toEqual([3, 1, 2, 4]);
  expect([...sorted(bench, { by: "peer", down: true })]).toEqual([4, 3, 2, 1]);
});

it("ranks a peer's partners", () => {
  const bench: Bench = benchOf(4, [
    [1, 2, 0, 1],
    [1, 3, 0, 1],
    [1, 3, 1, 1],
    [4, 1, 0, 1],
  ]);
  const { to, from } = partners(bench.edges.list, 1);
  expect(to.map((p) => [p.peer, p.count])).toEqual([
    [3, 2],
    [2, 1],
  ]);
  expect(from.map((p) => p.peer)).toEqual([4]);
});
