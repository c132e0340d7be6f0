// Drawing into memory: shapes land where they should, and never outside.

import { beforeAll, describe, expect, it } from "vitest";
import { pack, Raster } from "../../src/graph/paint/raster";

const PAPER = pack("#ffffff");
const INK = pack("#000000");

// Node has no ImageData; this is all of it that a raster needs.
beforeAll(() => {
  globalThis.ImageData ??= class {
    data: Uint8ClampedArray;
    constructor(
      readonly width: number,
      readonly height: number,
    ) {
      this.data = new Uint8ClampedArray(width * height * 4);
    }
  } as unknown as typeof ImageData;
});

/** Draws on a picture of 20 by 10 pixels; how dark each pixel became, 0 to 1. */
function drawn(draw: (raster: Raster) => void): (x: number, y: number) => number {
  const raster = new Raster();
  raster.begin(20, 10, PAPER);
  draw(raster);
  let image: ImageData | undefined;
  raster.put({ putImageData: (given: ImageData) => (image = given) } as never);
  return (x, y) => 1 - (image?.data[(y * 20 + x) * 4] ?? 0) / 255;
}

describe("a tapered line", () => {
  it("is wide where it begins and narrow where it ends", () => {
    const dark = drawn((r) => r.taper(0, 5, 19, 5, 5, INK, 1));
    const column = (x: number) =>
      Array.from({ length: 10 }, (_, y) => dark(x, y)).reduce((a, b) => a + b);
    expect(column(0)).toBeCloseTo(5, 1);
    expect(column(10)).toBeLessThan(3);
    expect(column(19)).toBeGreaterThan(0);
    expect(dark(0, 5)).toBeCloseTo(1, 1);
    expect(dark(10, 0)).toBe(0);
  });

  it("mixes with what lies under it", () => {
    const dark = drawn((r) => r.taper(10, 0, 10, 9, 6, INK, 0.5));
    expect(dark(10, 1)).toBeCloseTo(0.5, 1);
  });

  it("is cut at the picture's edge, wherever it comes from", () => {
    const dark = drawn((r) => {
      r.taper(-500, -300, 600, 400, 9, INK, 1);
      r.taper(5, -1000, 5, 1000, 3, INK, 1);
      r.taper(50, 50, 90, 90, 3, INK, 1);
      r.taper(3, 3, 3, 3, 3, INK, 1);
    });
    expect(dark(5, 5)).toBeGreaterThan(0.9);
  });
});

describe("a small picture", () => {
  const sprite = { side: 2, pixels: Int32Array.from([INK, INK, INK, 0]) };

  it("is copied with its middle where told, holes and all", () => {
    const dark = drawn((r) => r.blit(sprite, 5, 5));
    expect(dark(4, 4)).toBeCloseTo(1, 1);
    expect(dark(5, 4)).toBeCloseTo(1, 1);
    expect(dark(5, 5)).toBe(0);
    expect(dark(6, 5)).toBe(0);
  });

  it("may be dimmed, and may lie across the edge", () => {
    const dark = drawn((r) => {
      r.blit(sprite, 0, 0);
      r.blit(sprite, 20, 10);
      r.blit(sprite, -40, 99);
      r.blit(sprite, 10, 5, 0.25);
    });
    expect(dark(9, 4)).toBeCloseTo(0.25, 1);
    expect(dark(19, 9)).toBeCloseTo(1, 1);
  });
});
