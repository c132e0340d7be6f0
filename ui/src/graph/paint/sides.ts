// Draws the sides of a partition in force: a soft ground under each peer, in its side's tint.

import { partitionAt, type Sides, sidesOf } from "../../model/partition";
import type { Bench } from "../../model/run";
import { kindColor, mix, type Palette } from "../colors";

/** How strong a side's tint is on the paper. */
const TINT = 0.17;

/** The ground's colour of a side. */
export function sideColor(side: number, palette: Palette): string {
  return mix(palette.paper, kindColor(side % 7, palette.dark), TINT);
}

/** Knows who is on which side at the moment that is looked at. */
export class SideBook {
  private key = "";
  sides: Sides | null = null;

  /** Looks again; true when it is another partition than before. */
  look(bench: Bench): boolean {
    const groups = bench.aggregated ? null : partitionAt(bench.run.plan, bench.now);
    const key = groups ? `${bench.peers.size} ${JSON.stringify(groups)}` : "";
    if (key === this.key) return false;
    this.key = key;
    this.sides = groups && sidesOf(groups, bench.peers.size);
    return true;
  }
}

/** Radius of the ground under a disc. */
export const groundRadius = (radius: number) => Math.max(radius + 3, radius * 2.1);
