// The charts of a run at the cursor, asked for anew as it moves.

import { useEffect, useRef, useState } from "preact/hooks";
import { LabError } from "../api/client";
import { type Charts, trace } from "../api/history";
import type { Bench } from "../model/run";
import { watchRun } from "../state/bench";
import { cursor, wanted } from "../state/cursor";

/** While the cursor moves, the lab is asked no more often. */
const ASK_EVERY_MS = 200;
/** A run that is followed is asked for anew this often. */
const AGAIN_MS = 700;

export interface ChartsAt {
  charts: Charts | null;
  error: string | null;
  /** The moment they are of, seconds; null for the end of what is recorded. */
  t: number | null;
}

/** Keeps them in step with the cursor. */
export function useCharts(bench: Bench): ChartsAt {
  watchRun();
  const at = cursor.value;
  const follows = at === null || at.live;
  const t = wanted.value ?? (follows ? null : at.t);
  const running = bench.run.state !== "ended" && t === null;
  const [now, setNow] = useState<ChartsAt>({ charts: null, error: null, t: null });
  const askedAt = useRef(0);
  useEffect(() => {
    setNow({ charts: null, error: null, t: null });
  }, [bench]);
  useEffect(() => {
    const stop = new AbortController();
    const ask = () => {
      askedAt.current = performance.now();
      trace
        .chart(bench.run.id, t === null ? {} : { t }, stop.signal)
        .then((charts) => setNow({ charts, error: null, t }))
        .catch((why: unknown) => {
          if (stop.signal.aborted) return;
          setNow((before) => ({
            ...before,
            error: why instanceof LabError ? why.sentence : String(why),
          }));
        });
    };
    const wait = Math.max(0, askedAt.current + ASK_EVERY_MS - performance.now());
    const first = setTimeout(ask, wait);
    const again = running ? setInterval(ask, AGAIN_MS) : undefined;
    return () => {
      stop.abort();
      clearTimeout(first);
      clearInterval(again);
    };
  }, [bench, t, running]);
  return now;
}

/** The states that a peer is in. */
export function statesOf(charts: Charts, chart: string, peer: number): readonly string[] {
  const of = charts.peers[String(peer)] ?? [];
  // A peer in several communities may tell states of each.
  return Array.isArray(of) ? of : ((of as Record<string, string[]>)[chart] ?? []);
}
