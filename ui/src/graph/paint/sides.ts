// Draws the sides of a partition in force: a soft ground under each peer, in its side's tint.

import { kindColor, mix, type Palette } from "../colors";

/** How strong a side's tint is on the paper. */
const TINT = 0.17;

/** The ground's colour of a side. */
export function sideColor(side: number, palette: Palette): string {
  return mix(palette.paper, kindColor(side % 7, palette.dark), TINT);
}

/** Radius of the ground under a disc. */
export const groundRadius = (radius: number) => Math.max(radius + 3, radius * 2.1);
