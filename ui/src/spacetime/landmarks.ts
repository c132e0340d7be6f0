// What stands out in a whole run, whatever part of it is in sight: faults, when peers were down or
// paused, violations. All of it is in the trace; hand-made pauses name their peers in the run's plan.

import { trace } from "../api/history";
import type { LogLine } from "../api/types";
import type { Span } from "./geometry";

/** Of each kind of landmark, so many are drawn at most; the diagram says when there are more. */
const LANDMARKS_MAX = 500;

export interface Landmarks {
  /** Faults of the network as a whole, in the order of time. */
  faults: readonly LogLine[];
  violated: readonly LogLine[];
  /** When peers were down: from a crash or a stop until they came back. */
  down: ReadonlyMap<number, readonly Span[]>;
  paused: ReadonlyMap<number, readonly Span[]>;
  /** Were there more than are shown? */
  more: boolean;
}

export const NO_LANDMARKS: Landmarks = {
  ...{ faults: [], violated: [], down: new Map(), paused: new Map(), more: false },
};

const KINDS = ["fault", "violated", "crashed", "stopped", "restarted"] as const;

/** Asks the lab for them. */
export async function loadLandmarks(run: string, signal: AbortSignal): Promise<Landmarks> {
  const found = await Promise.all(
    KINDS.map((kind) => trace.search(run, { kind, limit: LANDMARKS_MAX }, signal)),
  );
  const [faults, violated, ...lives] = found.map((answer) => answer.events);
  return {
    faults: faults ?? [],
    violated: violated ?? [],
    down: downSpans(lives.flat()),
    paused: pausedSpans(faults ?? []),
    more: found.some((answer) => answer.more),
  };
}

/** What concerns the whole run, in the order of time: faults of the network, and violations. */
export function flags({ faults, violated }: Landmarks): LogLine[] {
  return [...faults, ...violated].sort(inTime);
}

function inTime(a: LogLine, b: LogLine): number {
  return a.t - b.t || (BigInt(a.id) < BigInt(b.id) ? -1 : 1);
}

/** From each crash or stop to the restart after it; to the end when there is none. */
export function downSpans(lives: readonly LogLine[]): Map<number, Span[]> {
  const down = new Map<number, Span[]>();
  for (const event of [...lives].sort(inTime)) {
    const spans = down.get(event.peer) ?? [];
    down.set(event.peer, spans);
    const last = spans.at(-1);
    const isDown = last !== undefined && last[1] === Number.POSITIVE_INFINITY;
    if (event.kind !== "restarted" && !isDown) spans.push([event.t, Number.POSITIVE_INFINITY]);
    if (event.kind === "restarted" && isDown) spans[spans.length - 1] = [last[0], event.t];
  }
  return down;
}

/** From each pause to the resumption after it, of peers that the fault names one by one. */
export function pausedSpans(faults: readonly LogLine[]): Map<number, Span[]> {
  const paused = new Map<number, Span[]>();
  for (const event of [...faults].sort(inTime)) {
    if (event.name !== "pause" && event.name !== "resume") continue;
    for (const peer of named(event)) {
      const spans = paused.get(peer) ?? [];
      paused.set(peer, spans);
      const last = spans.at(-1);
      const isPaused = last !== undefined && last[1] === Number.POSITIVE_INFINITY;
      if (event.name === "pause" && !isPaused) spans.push([event.t, Number.POSITIVE_INFINITY]);
      if (event.name === "resume" && isPaused) spans[spans.length - 1] = [last[0], event.t];
    }
  }
  return paused;
}

/** The peers that a fault names: its own, or the numbers in "peers 2, 3 and 5 pause". */
function named(event: LogLine): number[] {
  if (event.peer > 0) return [event.peer];
  const list = /^peers? (\d+(?:(?:, | and )\d+)*) /.exec(event.text)?.[1];
  return list ? list.split(/, | and /).map(Number) : [];
}
