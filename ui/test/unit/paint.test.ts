// How links are summed up and paced, and which cells dissolve into their peers.

import { describe, expect, it } from "vitest";
import { cellsInSight } from "../../src/graph/looking";
import { Density } from "../../src/graph/paint/density";
import { Pace } from "../../src/graph/paint/pace";
import { pack, type Raster, type Rgb } from "../../src/graph/paint/raster";
import type { Stage } from "../../src/graph/stage";

const BLUE = pack("#0000ff");
const RED = pack("#ff0000");
const SIDE = 20;

/** What is put onto a picture: the cover of each pixel, by colour. */
function covers(density: Density, strength = 1): Map<Rgb, number[]> {
  const out = new Map<Rgb, number[]>();
  const raster = {
    shade: (color: Rgb, cover: (at: number) => number) =>
      out.set(
        color,
        Array.from({ length: SIDE * SIDE }, (_, at) => cover(at)),
      ),
  };
  density.put(raster as unknown as Raster, strength);
  return out;
}

const at = (x: number, y: number) => y * SIDE + x;

describe("summed links", () => {
  it("are darkest where most cross, whatever their order", () => {
    const lines: [number, number, number, number][] = [
      [0, 5, 19, 5],
      [0, 10, 19, 10],
      [5, 0, 5, 19],
    ];
    const [one, other] = [new Density(SIDE, SIDE), new Density(SIDE, SIDE)];
    for (const line of lines) one.add(...line, 1, BLUE);
    for (const line of lines.reverse()) other.add(...line, 1, BLUE);
    const cover = covers(one).get(BLUE) ?? [];
    expect(cover).toEqual(covers(other).get(BLUE));
    expect(Math.max(...cover)).toBe(cover[at(5, 5)]);
    expect(cover[at(5, 5)]).toBeGreaterThan(cover[at(6, 5)] ?? 0);
    expect(cover[at(1, 1)]).toBe(0);
  });

  it("thin out from sender to receiver", () => {
    const density = new Density(SIDE, SIDE);
    density.add(0, 3, 19, 3, 1, BLUE);
    const cover = covers(density).get(BLUE) ?? [];
    expect(cover[at(1, 3)]).toBeGreaterThan((cover[at(18, 3)] ?? 0) * 2);
    expect(cover[at(18, 3)]).toBeGreaterThan(0);
  });

  it("are cut at the edges of the picture, and leave it alone when none is in sight", () => {
    const density = new Density(SIDE, SIDE);
    density.add(-1e6, 4, 1e6, 4, 1, BLUE);
    const cover = covers(density).get(BLUE) ?? [];
    expect(cover[at(0, 4)]).toBeGreaterThan(0);
    expect(cover[at(19, 4)]).toBeGreaterThan(0);
    const outside = new Density(SIDE, SIDE);
    outside.add(-50, -50, -10, -90, 1, BLUE);
    expect(covers(outside).size).toBe(0);
  });

  it("keep kinds apart and can be dimmed", () => {
    const density = new Density(SIDE, SIDE);
    density.add(0, 2, 19, 2, 1, BLUE);
    density.add(0, 8, 19, 8, 1, RED);
    const [full, half] = [covers(density), covers(density, 0.5)];
    expect(full.get(RED)?.[at(3, 2)]).toBe(0);
    expect(full.get(BLUE)?.[at(3, 2)]).toBeGreaterThan(0);
    expect(half.get(BLUE)?.[at(3, 2)]).toBeLessThan(full.get(BLUE)?.[at(3, 2)] ?? 0);
  });
});

it("draws fewer links when pictures take too long, and more when there is time", () => {
  const pace = new Pace(12);
  const start = pace.links(false);
  for (let i = 0; i < 20; i++) pace.took(100);
  expect(pace.links(false)).toBe(400);
  for (let i = 0; i < 100; i++) pace.took(1);
  expect(pace.links(false)).toBeGreaterThan(start);
  expect(pace.links(true)).toBeLessThan(1000);
});

describe("cells", () => {
  /** A grid of 1,000 cells of a side, 40 a row, with the first in the corner of the picture. */
  function stageOf(cell: number): Stage {
    const stage = {
      ...{ cell, size: { width: 800, height: 600 }, bench: { groups: { count: 1000 } } },
      at: (i: number) => [((i % 40) + 0.5) * cell, (Math.floor(i / 40) + 0.5) * cell],
    };
    return stage as unknown as Stage;
  }

  it("stay whole until they are large", () => {
    expect(cellsInSight(stageOf(15))).toEqual([]);
    expect(cellsInSight(stageOf(100))).toEqual([]);
  });

  it("dissolve when they are in sight, at most sixteen, the nearest to the middle", () => {
    expect(cellsInSight(stageOf(400))).toEqual([0, 1, 40, 41]);
    const near = cellsInSight(stageOf(120));
    expect(near).toHaveLength(16);
    // The middle of the picture is in the third row of cells, between the third and the fourth.
    expect(near).toContain(83);
    expect(near).not.toContain(0);
  });
});
