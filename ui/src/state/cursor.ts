// Where in the run's time the page is, and how it moves: everything else on the page follows.

import { computed, effect, signal } from "@preact/signals";
import type { CursorRow } from "../api/types";
import { bench, line, say, watchRun } from "./bench";
import { Pace } from "./pace";
import { adjust, route } from "./route";

/** The address follows a cursor that has stood still for so long. */
const ADDRESS_AFTER_MS = 250;

/** The cursor of the open run; null until the lab has told it. */
export const cursor = computed<CursorRow | null>(() => {
  watchRun();
  return bench.value?.cursor ?? null;
});

/** Where a hand wants the cursor while the lab has not followed yet, seconds; else null. */
export const wanted = signal<number | null>(null);

/** Does the page look at the run's past, rather than at its present or its end? */
export const inPast = computed(() => {
  const at = cursor.value;
  return at !== null && !at.live && at.n < at.of;
});

/** Is the past being played? */
export const playing = computed(() => {
  const at = cursor.value;
  return at !== null && !at.live && at.speed > 0;
});

const pace = new Pace<number>(
  (t) => say({ type: "seek", t }),
  () => {
    wanted.value = null;
  },
);

/** Goes to a moment of the run, seconds: the state after every event up to then. */
export function seek(t: number): void {
  const to = Math.max(0, t);
  wanted.value = to;
  pace.want(to);
}

function leaveSeek(): void {
  pace.forget();
  wanted.value = null;
}

/** Goes to the moment right after an event. */
export function seekEvent(event: string): void {
  leaveSeek();
  say({ type: "seek", event });
}

/** Goes so many events forward, or back when negative. */
export function step(by: number): void {
  leaveSeek();
  say({ type: "step", by });
}

/** Plays on from the cursor: so many seconds of the run in a second. */
export function play(speed: number): void {
  leaveSeek();
  say({ type: "play", speed });
}

/** Stands still. */
export function pause(): void {
  leaveSeek();
  say({ type: "pause" });
}

/** Follows the run again, or goes to the end of one that has ended. */
export function goLive(): void {
  leaveSeek();
  say({ type: "live" });
}

/** The cursor's place as the address tells it: nothing at the present. */
function placeOf(at: CursorRow): number | null {
  return at.live || at.n >= at.of ? null : at.t;
}

/** Keeps cursor and address in step, whichever moves; asks again for the place after a broken line. */
export function followCursor(): void {
  let written: { run: string; t: number | null } | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;

  // The cursor moved: the address follows when it rests.
  effect(() => {
    const at = cursor.value;
    clearTimeout(timer);
    const run = bench.peek()?.run.id;
    if (!at || !run) return;
    if (!at.live) pace.answered();
    timer = setTimeout(() => {
      const here = route.peek();
      if (here.at !== "run" || here.run !== run || wanted.peek() !== null) return;
      written = { run, t: placeOf(at) };
      if (at.speed === 0 || at.live) adjust({ t: written.t });
    }, ADDRESS_AFTER_MS);
  });

  // The address changed by other hands, or the line is new: the cursor follows.
  let fresh: string | null = null;
  effect(() => {
    const here = route.value;
    const open = line.value === "open" ? (bench.value?.run.id ?? null) : null;
    if (here.at !== "run" || open !== here.run) {
      fresh = null;
      return;
    }
    const anew = fresh !== open;
    fresh = open;
    if (anew) {
      written = { run: here.run, t: here.t };
      if (here.t !== null) seek(here.t);
      return;
    }
    if (written?.run === here.run && same(written.t, here.t)) return;
    written = { run: here.run, t: here.t };
    if (here.t === null) goLive();
    else seek(here.t);
  });
}

/** The address keeps nanoseconds. */
function same(a: number | null, b: number | null): boolean {
  return a === b || (a !== null && b !== null && Math.abs(a - b) < 2e-9);
}
