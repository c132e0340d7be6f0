// Draws groups of a very large run: each a cell that fills from below as its peers' targets do. The
// level carries the meaning alone; the hue says the same.

import { type Camera, type Size, toScreen } from "../camera";
import { type Palette, progressColor } from "../colors";
import { CELL_SHARE } from "../radius";
import { pack, type Raster } from "./raster";
import type { Scene } from "./scene";

/** Cells from this side on, pixels, have a rim and, beyond, words. */
const RIM_PX = 8;

/** The side of a cell on the screen, pixels. */
export function cellSide(gap: number, camera: Camera): number {
  return Math.max(2, gap * camera.scale * CELL_SHARE);
}

/** Draws all cells of a scene. Those of groups whose peers are shown one by one are outlines. */
export function drawCells(
  raster: Raster,
  scene: Scene,
  side: number,
  looked: ReadonlySet<number>,
  { camera, size, palette, ratio }: { camera: Camera; size: Size; palette: Palette; ratio: number },
): void {
  const [rim, empty] = [pack(palette.line), pack(palette.surface)];
  for (let i = 0; i < scene.bench.groups.count; i++) {
    const [x, y] = toScreen(camera, size, scene.places[2 * i] ?? 0, scene.places[2 * i + 1] ?? 0);
    const [left, top] = [(x - side / 2) * ratio, (y - side / 2) * ratio];
    const long = side * ratio;
    if (left > size.width * ratio || top > size.height * ratio) continue;
    if (left + long < 0 || top + long < 0) continue;
    raster.rect(left, top, long, long, rim, 1);
    const inset = side >= RIM_PX ? ratio : 0;
    const inner = long - 2 * inset;
    raster.rect(left + inset, top + inset, inner, inner, empty, 1);
    const { progress } = scene.look(i);
    if (progress <= 0) continue;
    const level = inner * progress;
    const color = pack(progressColor(progress, palette));
    const alpha = looked.has(i) ? 0.12 : 0.85;
    raster.rect(left + inset, top + inset + inner - level, inner, level, color, alpha);
  }
}
