// Which groups of a very large run are close enough that their peers are wanted one by one.

import type { Stage } from "./stage";

/** A cell dissolves into its peers from this side on, pixels. */
const DISSOLVE_PX = 110;
/** The lab tells the peers of at most so many groups. */
const GROUPS_MAX = 16;

/** The groups in sight that dissolve: none until the camera is close; the ones nearest to the middle. */
export function cellsInSight(stage: Stage): number[] {
  const { cell, size, bench } = stage;
  if (cell < DISSOLVE_PX) return [];
  const found: { group: number; far: number }[] = [];
  for (let group = 0; group < bench.groups.count; group++) {
    const [x, y] = stage.at(group);
    const half = cell / 2;
    const inSight = x > -half && y > -half && x < size.width + half && y < size.height + half;
    const far = Math.hypot(x - size.width / 2, y - size.height / 2);
    if (inSight) found.push({ group, far });
  }
  found.sort((a, b) => a.far - b.far);
  return found
    .slice(0, GROUPS_MAX)
    .map(({ group }) => group)
    .sort((a, b) => a - b);
}
