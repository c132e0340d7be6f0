// Something that the lab is asked for again and again while a component shows it.

import { useEffect, useState } from "preact/hooks";
import { LabError } from "../api/client";

/** What is known, and why not more. */
export interface Polled<T> {
  value: T | null;
  error: string | null;
}

/**
 * Asks at once, and again `every_ms` after each answer until `over` says that it is final. A new `key`
 * starts anew and keeps showing the old value until the new one is there.
 */
export function usePolled<T>(
  key: string,
  ask: (signal: AbortSignal) => Promise<T>,
  every_ms: number,
  over: (value: T) => boolean,
): Polled<T> {
  const [known, setKnown] = useState<Polled<T>>({ value: null, error: null });
  useEffect(() => {
    const stop = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const look = async () => {
      try {
        const value = await ask(stop.signal);
        if (stop.signal.aborted) return;
        setKnown({ value, error: null });
        if (over(value)) return;
      } catch (error) {
        if (stop.signal.aborted) return;
        const why = error instanceof LabError ? error.sentence : String(error);
        setKnown((before) => ({ value: before.value, error: why }));
        // What is wrong with the question stays wrong; a lab that is gone may come back.
        if (error instanceof LabError && error.status >= 400 && error.status < 500) return;
      }
      timer = setTimeout(() => void look(), every_ms);
    };
    void look();
    return () => {
      stop.abort();
      clearTimeout(timer);
    };
  }, [key]);
  return known;
}
