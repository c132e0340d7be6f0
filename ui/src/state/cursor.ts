// Where in the run's time the page is, and how it moves: everything else on the page follows.

import { computed } from "@preact/signals";
import type { CursorRow } from "../api/types";
import { bench, say, watchRun } from "./bench";

/** The cursor of the open run; null until the lab has told it. */
export const cursor = computed<CursorRow | null>(() => {
  watchRun();
  return bench.value?.cursor ?? null;
});

/** Goes to a moment of the run, seconds. */
export function seek(t: number): void {
  say({ type: "seek", t: Math.max(0, t) });
}

/** Goes to the moment right after an event. */
export function seekEvent(event: string): void {
  say({ type: "seek", event });
}

/** Goes so many events forward, or back when negative. */
export function step(by: number): void {
  say({ type: "step", by });
}

/** Plays on from the cursor: so many seconds of the run in a second. */
export function play(speed: number): void {
  say({ type: "play", speed });
}

/** Stands still. */
export function pause(): void {
  say({ type: "pause" });
}

/** Follows the run again, or goes to the end of one that has ended. */
export function goLive(): void {
  say({ type: "live" });
}
