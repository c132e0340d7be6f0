// The run on the bench: opens its line to the lab, and tells the components when to look again.

import { batch, signal } from "@preact/signals";
import { LabError, lab } from "../api/client";
import { type Line, LiveLine } from "../api/live";
import type { Wish } from "../api/types";
import { complain } from "../frame/toast";
import { Bench } from "../model/run";

/** The open run, if any. */
export const bench = signal<Bench | null>(null);
/** Grows whenever the open run has news. */
const tick = signal(0);
/** How the line to the open run is. */
export const line = signal<Line>("closed");
/** Why the open run cannot be shown, if so. */
export const benchError = signal<string | null>(null);

/** Has the calling component drawn again with every news of the open run. */
export function watchRun(): void {
  tick.value;
}

/** Asks something of the open run's line. */
export function say(wish: Wish): void {
  live?.say(wish);
}

let live: LiveLine | null = null;
let opening = 0;
let scheduled = false;
let lookedAt = 0;

/** Runs of more peers than this have long news; then hands come first, and what is written follows. */
const CROWD = 2000;
const LOOK_EVERY_MS = 150;

function soon(): void {
  if (scheduled) return;
  scheduled = true;
  const look = () => {
    scheduled = false;
    lookedAt = performance.now();
    tick.value += 1;
  };
  const wait = lookedAt + LOOK_EVERY_MS - performance.now();
  const isCrowd = (bench.peek()?.size ?? 0) > CROWD;
  // A hidden page gets no animation frames, and needs no news.
  if (isCrowd && wait > 0) setTimeout(() => requestAnimationFrame(look), wait);
  else requestAnimationFrame(look);
}

/** Puts a run on the bench. */
export async function openRun(id: string): Promise<void> {
  if (bench.peek()?.run.id === id && live) return;
  closeRun();
  opening += 1;
  const mine = opening;
  try {
    const run = await lab.run(id);
    if (mine !== opening) return;
    const opened = new Bench(run);
    batch(() => {
      bench.value = opened;
      benchError.value = null;
    });
    listenTo(opened);
  } catch (error) {
    if (mine === opening) benchError.value = whyNot(id, error);
  }
}

/** Asks again what the open run is: something has just been done to it, and stands in its plan. */
export async function refreshRun(): Promise<void> {
  const of = bench.peek();
  if (!of) return;
  const fresh = await lab.run(of.run.id);
  of.present = fresh;
  const { plan, by_hand = 0, violations = [] } = fresh;
  Object.assign(of.run, { plan, by_hand, violations });
  soon();
}

function whyNot(id: string, error: unknown): string {
  if (error instanceof LabError && error.status === 404)
    return `The lab has no run ${id}. It may have been deleted, or belong to an earlier lab. Open another from the list of runs.`;
  return error instanceof LabError ? error.sentence : String(error);
}

function listenTo(opened: Bench): void {
  live = new LiveLine(opened.run.id, {
    hear: (word) => {
      opened.take(word);
      if (word.type === "frame" && word.problem) complain(word.problem);
      soon();
    },
    changed: (now) => {
      line.value = now;
      if (now === "lost") void stillThere(opened.run.id);
    },
    complete: () => opened.present.state === "ended",
  });
}

/** After a break: is the run still known? A lab that was started anew has forgotten it. */
async function stillThere(id: string): Promise<void> {
  try {
    await lab.run(id);
  } catch (error) {
    const gone = error instanceof LabError && (error.status === 404 || error.status === 401);
    if (!gone || bench.peek()?.run.id !== id) return;
    live?.close();
    benchError.value = whyNot(id, error);
  }
}

/** Takes the run off the bench. */
export function closeRun(): void {
  opening += 1;
  live?.close();
  live = null;
  batch(() => {
    bench.value = null;
    benchError.value = null;
    line.value = "closed";
  });
}
