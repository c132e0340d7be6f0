// How fast a simulation goes, as the lab is told.

/** What can be chosen, with its words. */
export const SPEEDS: readonly [string, string][] = [
  ["0.01", "100× slower"],
  ["0.1", "10× slower"],
  ["1", "real time"],
  ["10", "10× faster"],
  ["max", "fastest"],
];
