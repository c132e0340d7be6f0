// What a lasso goes around.

/** Is a point inside a closed line? Counts how often a ray to the right crosses it. */
export function inPolygon([x, y]: [number, number], line: readonly [number, number][]): boolean {
  let inside = false;
  let [bx, by] = line.at(-1) ?? [0, 0];
  for (const [ax, ay] of line) {
    if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) inside = !inside;
    [bx, by] = [ax, ay];
  }
  return inside;
}
