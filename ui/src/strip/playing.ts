// Play and pause, as one key and one button do them.

import { computed, signal } from "@preact/signals";
import { bench } from "../state/bench";
import { cursor, goLive, inPast, pause, play, playing, seek } from "../state/cursor";
import { runEnd } from "../state/timeline";
import { shifted, speedFor } from "./speeds";

/** The speed that was chosen for a run; another run may be a thousand times longer. */
const chosen = signal<{ run: string; speed: number } | null>(null);

/** The speed of play: the chosen one, or one that fits the run's length. */
export const playSpeed = computed(() => {
  const own = chosen.value;
  return own && own.run === bench.value?.run.id ? own.speed : speedFor(runEnd.value);
});

/** Chooses a speed; what plays goes on at it. */
export function setPlaySpeed(speed: number): void {
  chosen.value = { run: bench.peek()?.run.id ?? "", speed };
  if (playing.peek()) play(speed);
}

/** Chooses the next faster or slower speed. */
export function shiftPlaySpeed(by: number): void {
  setPlaySpeed(shifted(playSpeed.peek(), by));
}

/** Plays what stands still, and stops what moves. At the end of a run it plays from the start. */
export function togglePlay(): void {
  const at = cursor.peek();
  if (!at) return;
  if (playing.peek()) pause();
  else if (inPast.peek()) play(playSpeed.peek());
  else if (bench.peek()?.present.state === "ended") {
    seek(0);
    play(playSpeed.peek());
  } else pause();
}

/** Follows the run again, or shows its end. */
export const toPresent = goLive;
