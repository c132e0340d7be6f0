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
  /** The charts at the end of what is recorded. */
  const whole = useRef<Charts | null>(null);
  useEffect(() => {
    setNow({ charts: null, error: null, t: null });
    whole.current = null;
  }, [bench]);
  useEffect(() => {
    const stop = new AbortController();
    const load = async () => {
      const { id } = bench.run;
      if (t === null || !whole.current) whole.current = await trace.chart(id, {}, stop.signal);
      if (t === null) return whole.current;
      return merged(whole.current, await trace.chart(id, { t }, stop.signal));
    };
    const ask = () => {
      askedAt.current = performance.now();
      load()
        .then((charts) => setNow({ charts, error: null, t }))
        .catch((why: unknown) => {
          if (stop.signal.aborted) return;
          const error = why instanceof LabError ? why.sentence : String(why);
          setNow((before) => ({ ...before, error }));
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

/**
 * The charts of a moment, with all states and transitions of the whole run: what has not been seen yet is
 * there with nobody in it, so that the picture stands still while the cursor moves.
 */
export function merged(whole: Charts, at: Charts): Charts {
  const charts = whole.charts.map((chart) => {
    const then = at.charts.find((c) => c.name === chart.name);
    const states = chart.states.map((state) => {
      const now = then?.states.find((s) => s.name === state.name);
      return { ...state, peers_now: now?.peers_now ?? 0 };
    });
    const transitions = chart.transitions.map((way) => {
      const now = then?.transitions.find((w) => w.from === way.from && w.to === way.to);
      return { ...way, count: now?.count ?? 0 };
    });
    return { ...chart, states, transitions };
  });
  return { charts, peers: at.peers };
}

/** The states that a peer is in. */
export function statesOf(charts: Charts, chart: string, peer: number): readonly string[] {
  const states = charts.charts.find((c) => c.name === chart)?.states ?? [];
  // A peer in several communities tells states of each.
  return (charts.peers[String(peer)] ?? []).filter((name) => states.some((s) => s.name === name));
}
