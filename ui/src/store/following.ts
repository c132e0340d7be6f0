// Follows a store: asks the lab once a second while somebody looks.

import { useEffect, useState } from "preact/hooks";
import { LabError } from "../api/client";
import { stores } from "../api/stores";
import { type StoreNow, Watch } from "./model";

const EVERY_MS = 1000;

/** What is known of a store. */
export interface Followed {
  /** At the last look that it answered; null before the first. */
  now: StoreNow | null;
  /** Does it answer; null while nobody knows. */
  answers: boolean | null;
  /** Why not, if not, and since when: a moment of `performance.now()`. */
  why: string | null;
  since: number | null;
  /** What is wrong with the question itself, which asking again does not mend. */
  wrong: string | null;
}

const NOTHING: Followed = { now: null, answers: null, why: null, since: null, wrong: null };

/** Follows the store at an address; `look` asks at once, after something was done to it. */
export function useStore(address: string): Followed & { look: () => void } {
  const [known, setKnown] = useState<Followed & { look: () => void }>({
    ...NOTHING,
    look: () => undefined,
  });
  useEffect(() => follow(address, setKnown), [address]);
  return known;
}

function follow(address: string, tell: (known: Followed & { look: () => void }) => void) {
  const watch = new Watch();
  const stop = new AbortController();
  let known = NOTHING;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let asking = false;
  const say = (change: Partial<Followed>) => {
    known = { ...known, ...change };
    tell({ ...known, look });
  };
  const look = () => {
    clearTimeout(timer);
    if (asking || document.hidden || stop.signal.aborted) return;
    asking = true;
    const began = performance.now();
    void ask(began).then((over) => {
      asking = false;
      const wait = Math.max(0, began + EVERY_MS - performance.now());
      if (!over && !stop.signal.aborted) timer = setTimeout(look, wait);
    });
  };
  /** Returns whether asking again is of no use. */
  const ask = async (began: number): Promise<boolean> => {
    try {
      const { answers, told, why } = await stores.status(address, stop.signal);
      if (stop.signal.aborted) return true;
      if (answers && told) {
        watch.take(began, told.replicas);
        say({ now: watch.now(), answers: true, why: null, since: null });
      } else {
        // Rates are not made over a time in which nobody answered.
        watch.pause();
        say({ answers: false, why, since: known.since ?? began });
      }
    } catch (error) {
      if (stop.signal.aborted) return true;
      watch.pause();
      const why = error instanceof LabError ? error.sentence : String(error);
      const isWrong = error instanceof LabError && error.status >= 400 && error.status < 500;
      say(isWrong ? { wrong: why } : { answers: false, why, since: known.since ?? began });
      return isWrong;
    }
    return false;
  };
  document.addEventListener("visibilitychange", look);
  look();
  return () => {
    stop.abort();
    clearTimeout(timer);
    document.removeEventListener("visibilitychange", look);
  };
}
