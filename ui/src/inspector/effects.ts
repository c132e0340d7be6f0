// What an event led to at once: the events that name it as their cause.

import { past } from "../api/past";
import type { LogLine } from "../api/types";

/** Events that are looked through for those that name it. */
const LOOKED_THROUGH = 500;

/**
 * The direct effects of an event. A message's end is looked for at the other peer, anything else at the
 * same peer from its moment on.
 */
export async function effectsOf(run: string, of: LogLine, signal: AbortSignal): Promise<LogLine[]> {
  if (of.kind === "sent" && of.other) {
    const query = { peer: of.other, kind: "delivered", other: of.peer, from: of.t };
    const ends = await past.search(run, { ...query, limit: LOOKED_THROUGH }, signal);
    return ends.events.filter((line) => line.cause === of.id);
  }
  // Not at its very time: what an activation asked for leaves when its writes are durable.
  const query = { peer: of.peer, from: of.t, limit: LOOKED_THROUGH };
  const found = await past.search(run, query, signal);
  return found.events.filter((line) => line.cause === of.id);
}
