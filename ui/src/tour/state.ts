// Where somebody is in the tour, and whether they have seen it.
//
// The browser keeps it under the key "rumormill-tour": any value means that the tour has been seen or
// dismissed. With ?tour=off in the address it does not begin either.

import { effect, signal } from "@preact/signals";
import { recall, remember } from "../state/preferences";
import { route } from "../state/route";
import { STEPS } from "./steps";

const KEY = "rumormill-tour";

/** The step that is shown; null when no tour goes on. */
export const tourStep = signal<number | null>(null);

/** Begins the tour, from its start. */
export function startTour(): void {
  tourStep.value = 0;
}

/** Ends the tour; it does not begin by itself again. */
export function endTour(): void {
  tourStep.value = null;
  remember(KEY, "seen");
}

/** Goes on to the next step. */
export function nextStep(): void {
  const at = tourStep.peek();
  if (at === null) return;
  if (at + 1 >= STEPS.length) endTour();
  else tourStep.value = at + 1;
}

/** Begins the tour on a first visit to the bench, and goes on when a step has been done. */
export function followTour(): void {
  const off = new URL(location.href).searchParams.get("tour") === "off";
  // Whoever follows a link to a run came for that run.
  const bench = route.peek().at === "bench";
  if (!off && bench && recall(KEY) === null) tourStep.value = 0;
  effect(() => {
    const at = tourStep.value;
    // The last step is read to its end: it is done by doing it, and closed by hand.
    if (at !== null && at + 1 < STEPS.length && STEPS[at]?.done()) tourStep.value = at + 1;
  });
}
