// How fast the past plays: seconds of the run in a second of a person's.

/** What can be chosen, slowest first. */
export const SPEEDS = [0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100, 300, 1000] as const;

/** A run played from end to end should take about so long, seconds. */
const WHOLE_S = 12;

/** The speed at which a run of this length is pleasant to watch. */
export function speedFor(seconds: number): number {
  const ideal = Math.log(Math.max(seconds, 1e-6) / WHOLE_S);
  let best: number = SPEEDS[0];
  for (const speed of SPEEDS)
    if (Math.abs(Math.log(speed) - ideal) < Math.abs(Math.log(best) - ideal)) best = speed;
  return best;
}

/** The next faster or slower speed. */
export function shifted(speed: number, by: number): number {
  const at = SPEEDS.findIndex((known) => known >= speed);
  const to = Math.max(0, Math.min(SPEEDS.length - 1, (at < 0 ? SPEEDS.length - 1 : at) + by));
  return SPEEDS[to] ?? speed;
}
