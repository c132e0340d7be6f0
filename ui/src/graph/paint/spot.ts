// A small filled disc, ready to be copied into a picture.

import type { Sprite } from "./raster";

/** How wide a rim is, pixels of the page. */
const RIM_PX = 1.2;

/** A filled disc of one colour, with a rim of another if there is one. */
export function spot(radius: number, color: string, ratio: number, rim?: string): Sprite {
  const reach = radius + (rim ? RIM_PX : 0);
  const side = Math.ceil(reach * 2 * ratio) + 2;
  const g = new OffscreenCanvas(side, side).getContext("2d", { willReadFrequently: true });
  if (!g) throw new Error("this browser cannot draw in two dimensions");
  const disc = (size: number, fill: string) => {
    g.fillStyle = fill;
    g.beginPath();
    g.arc(side / 2, side / 2, size * ratio, 0, 2 * Math.PI);
    g.fill();
  };
  if (rim) disc(reach, rim);
  disc(radius, color);
  return { side, pixels: new Int32Array(g.getImageData(0, 0, side, side).data.buffer) };
}
