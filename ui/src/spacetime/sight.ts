// What is in sight: the span of the address, the rows, and the picture that the lab gave of them.

import { useEffect, useRef, useState } from "preact/hooks";
import { fitAsked } from "../graph/settings";
import type { Bench } from "../model/run";
import { adjust, route } from "../state/route";
import { runEnd } from "../state/timeline";
import { SPAN_S_MIN, type Span } from "./geometry";
import { type Landmarks, loadLandmarks, NO_LANDMARKS } from "./landmarks";
import type { Picture } from "./picture";
import { joined } from "./rows";
import { folded, rowsMost } from "./settings";
import { Source } from "./source";

/** The address follows a span that has stood still for so long. */
const ADDRESS_AFTER_MS = 250;
/** A run that goes on is asked for anew this often. */
const AGAIN_MS = 1000;

const NOTHING = { span: null, rows: null };

export interface Sight {
  picture: Picture | null;
  span: Span;
  /** The end of what is recorded, seconds. */
  end: number;
  busy: boolean;
  error: string | null;
  /** Hands have chosen a span. */
  moved: (span: Span) => void;
  /** Something else has. */
  look: (span: Span) => void;
  resized: (width: number, height: number) => void;
  showAll: () => void;
  addRows: (peers: readonly number[]) => void;
  reorder: () => void;
}

/** Keeps the picture in step with the address and with hands. */
export function useSight(bench: Bench): Sight {
  const at = route.value.at === "run" ? route.value : NOTHING;
  const [picture, setPicture] = useState<Picture | null>(null);
  const [error, setError] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const [known, setEnd] = useState(0);
  /** The rows as they stand, so that they do not jump while the span changes. */
  const [order, setOrder] = useState<readonly number[] | null>(null);
  const [width, setWidth] = useState(0);
  const [span, setSpan] = useState<Span | null>(at.span);
  const source = useRef<Source | null>(null);
  const address = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);

  useEffect(() => {
    setPicture(null);
    setOrder(null);
    source.current = new Source(bench.run.id, () => bench.kinds, {
      got: (fresh, of) => {
        setPicture(fresh);
        setError(null);
        if (!of.span) setEnd(fresh.to);
        if (!of.fold && !of.peers) setOrder(fresh.peers);
      },
      failed: setError,
      busy: setBusy,
    });
    return () => source.current?.end();
  }, [bench]);

  // The browser's back and forward, and links to a span.
  const [from, to] = at.span ?? [null, null];
  useEffect(() => setSpan(at.span), [from, to]);

  const peers = at.rows ?? (folded.value ? null : order);
  const rows = Math.max(rowsMost.value, at.rows?.length ?? 0, order?.length ?? 0);
  const wanted = { span, peers, rows, fold: folded.value, width };
  useEffect(() => {
    if (width > 0) source.current?.want(wanted);
  }, [bench, span?.[0], span?.[1], String(peers), rows, folded.value, width]);

  useAgain(bench, () => {
    // All peers that there are may not have started yet when the rows were chosen.
    const some = order !== null && order.length < Math.min(rows, bench.run.peers);
    source.current?.want(some && !at.rows ? { ...wanted, peers: null } : wanted, true);
  });

  const end = Math.max(known, runEnd.value);
  const seen: Span = span ?? [0, Math.max(end, SPAN_S_MIN)];
  const moved = (next: Span) => {
    const whole = next[0] <= 0 && next[1] >= end;
    setSpan(whole ? null : next);
    clearTimeout(address.current);
    address.current = setTimeout(
      () => adjust({ span: whole ? null : [...next] }),
      ADDRESS_AFTER_MS,
    );
  };
  useEffect(() => () => clearTimeout(address.current), [bench]);
  const showAll = () => moved([0, end]);
  const asked = fitAsked.value;
  const before = useRef(asked);
  useEffect(() => {
    if (asked !== before.current) showAll();
    before.current = asked;
  }, [asked]);
  return {
    ...{ picture, span: seen, end, busy, error, moved, look: moved, showAll },
    resized: setWidth,
    addRows: (more) => {
      if (at.rows) adjust({ rows: joined(at.rows, more) });
      else setOrder(joined(order ?? picture?.peers ?? [], more));
    },
    reorder: () => {
      setOrder(null);
      source.current?.want({ ...wanted, peers: null }, true);
    },
  };
}

/** Calls `again` now and then while the run goes on, and once when it has ended. */
function useAgain(bench: Bench, again: () => void): void {
  const latest = useRef(again);
  latest.current = again;
  const ended = bench.run.state === "ended";
  const first = useRef(true);
  useEffect(() => {
    if (ended) {
      if (!first.current) latest.current();
      return undefined;
    }
    first.current = false;
    const timer = setInterval(() => latest.current(), AGAIN_MS);
    return () => clearInterval(timer);
  }, [bench, ended]);
}

/** What stands out in the whole run, kept fresh while it goes on. */
export function useLandmarks(bench: Bench): Landmarks {
  const [landmarks, setLandmarks] = useState(NO_LANDMARKS);
  const stop = useRef<AbortController | undefined>(undefined);
  const load = () => {
    stop.current?.abort();
    const mine = new AbortController();
    stop.current = mine;
    // The diagram says when the lab does not answer; without landmarks it is true, only plainer.
    loadLandmarks(bench.run.id, mine.signal)
      .then(setLandmarks)
      .catch(() => undefined);
  };
  useEffect(() => {
    setLandmarks(NO_LANDMARKS);
    load();
    return () => stop.current?.abort();
  }, [bench]);
  useAgain(bench, load);
  return landmarks;
}
