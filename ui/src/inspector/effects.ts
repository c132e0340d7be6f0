// What an event led to at once: the events that name it as their cause.

import { past } from "../api/past";
import type { LogLine, Run } from "../api/types";

/** Events that are listed, at most; the lab looks through the recording until it has as many. */
export const EFFECTS_MAX = 500;
/** Clocks of real processes may differ by so much, seconds: an effect may seem to come before its cause. */
const SKEW_S = 1;

/** The direct effects of an event. */
export interface Effects {
  lines: LogLine[];
  /** Are there more than are listed, or may there be, in a recording too long to be looked through? */
  more: boolean;
}

/** Asks for all that an event led to at once, in the order of time. */
export async function effectsOf(run: Run, of: LogLine, signal: AbortSignal): Promise<Effects> {
  const from = run.mode === "sim" ? of.t : Math.max(0, of.t - SKEW_S);
  const query = { cause: of.id, from, limit: EFFECTS_MAX };
  const { events, more } = await past.search(run.id, query, signal);
  return { lines: events, more };
}
