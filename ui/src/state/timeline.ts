// The course of the open run, asked from the lab: at once, and again while the run goes on.

import { computed, effect, signal } from "@preact/signals";
import { LabError } from "../api/client";
import { type Mark, past, type Timeline } from "../api/past";
import { bench, refreshRun, watchRun } from "./bench";

/** Columns that are asked for: about one for two pixels. */
const COLUMNS = 600;
const AGAIN_MS = 1000;

/** The open run's course; null until the lab has told it. */
export const timeline = signal<Timeline | null>(null);
/** Why it is not known, if so. */
export const timelineError = signal<string | null>(null);

/** How long the run is so far, seconds. */
export const runEnd = computed(() => {
  watchRun();
  const of = bench.value;
  if (!of) return 0;
  const told = timeline.value?.to ?? 0;
  const at = of.cursor;
  const now = !at || at.live ? of.t : at.t;
  return Math.max(told, now);
});

let again: () => void = () => undefined;

/** Asks again now: something has just been done to the run. */
export function refreshTimeline(): void {
  again();
}

/** The first mark after a moment, or the last before it; null when there is none. */
export function nextMark(marks: readonly Mark[], t: number, back: boolean): Mark | null {
  const ahead = marks.filter((mark) => (back ? mark.t < t - 1e-9 : mark.t > t + 1e-9));
  const better = (a: Mark, b: Mark) => (back ? b.t > a.t : b.t < a.t);
  return ahead.reduce<Mark | null>(
    (best, mark) => (!best || better(best, mark) ? mark : best),
    null,
  );
}

const ended = computed(() => {
  watchRun();
  return bench.value?.present.state === "ended";
});

/** Keeps the course of the open run known. */
export function followTimeline(): void {
  // Its end is worth an extra question: nobody should drag a cursor over a course that is cut short.
  effect(() => {
    if (ended.value) again();
  });
  effect(() => {
    const of = bench.value;
    timeline.value = null;
    timelineError.value = null;
    if (!of) return;
    const run = of.run.id;
    const stop = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const ask = async () => {
      clearTimeout(timer);
      // Read before the answer: a run that ends meanwhile is asked once more.
      const going = of.present.state !== "ended" || of.loading !== null;
      if (document.hidden) {
        timer = setTimeout(() => void ask(), AGAIN_MS);
        return;
      }
      try {
        const told = await past.timeline(run, COLUMNS, stop.signal);
        if (stop.signal.aborted) return;
        timeline.value = told;
        // Whoever looks at the past does not hear that the present has come to its end.
        if (!told.live && of.present.state !== "ended") await refreshRun();
        timelineError.value = null;
      } catch (error) {
        if (stop.signal.aborted) return;
        timelineError.value = error instanceof LabError ? error.sentence : String(error);
      }
      if (going) timer = setTimeout(() => void ask(), AGAIN_MS);
    };
    again = () => void ask();
    void ask();
    return () => {
      again = () => undefined;
      clearTimeout(timer);
      stop.abort();
    };
  });
}
