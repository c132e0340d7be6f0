// The lines that the log view shows: those heard live, or those that the lab finds for a filter.

import { useEffect, useRef, useState } from "preact/hooks";
import { LabError, lab } from "../api/client";
import type { LogLine } from "../api/types";
import { type Entry, isGap, matches } from "../model/journal";
import type { Bench } from "../model/run";

export interface Filter {
  kind: string;
  text: string;
  peer: string;
}

const PAGE = 200;
const ASK_AFTER_MS = 120;
/** While a filtered run goes on, the lab is asked again this often. */
const AGAIN_MS = 1000;

export interface Lines {
  entries: readonly Entry[];
  /** Lines put before the first since the filter was set. */
  prepended: number;
  /** Are there older ones to ask for? */
  more: boolean;
  error: string | null;
  older: () => void;
}

/** Is nothing filtered? Then frames alone keep the log fresh. */
export function isEmpty(filter: Filter): boolean {
  return !filter.kind && !filter.text && !filter.peer;
}

/** The lines for a filter, kept fresh while the run goes on. */
export function useLines(bench: Bench, filter: Filter): Lines {
  const [found, setFound] = useState<{ events: LogLine[]; more: boolean }>({
    events: [],
    more: false,
  });
  const [error, setError] = useState<string | null>(null);
  const [prepended, setPrepended] = useState(0);
  const busy = useRef(false);
  const { id } = bench.run;
  const ended = bench.run.state === "ended";

  useEffect(() => {
    const stop = new AbortController();
    const ask = async () => {
      try {
        const page = await lab.log(id, { ...filter, limit: PAGE }, stop.signal);
        setFound((now) => ({
          events: append(now.events, page.events),
          more: now.events.length ? now.more : page.more,
        }));
        setError(null);
      } catch (why) {
        if (!stop.signal.aborted) setError(why instanceof LabError ? why.sentence : String(why));
      }
    };
    setFound({ events: [], more: false });
    setPrepended(0);
    const first = setTimeout(() => void ask(), ASK_AFTER_MS);
    const again = ended || isEmpty(filter) ? undefined : setInterval(() => void ask(), AGAIN_MS);
    return () => {
      stop.abort();
      clearTimeout(first);
      clearInterval(again);
    };
  }, [id, filter.kind, filter.text, filter.peer, ended]);

  const entries = isEmpty(filter)
    ? join(found.events, bench.journal.entries)
    : join(
        found.events,
        bench.journal.entries.filter((e) => !isGap(e) && matches(e, filter)),
      );

  const older = () => {
    const first = entries.find((e): e is LogLine => !isGap(e));
    if (busy.current || !found.more || !first) return;
    busy.current = true;
    lab
      .log(id, { ...filter, before: first.id, limit: PAGE })
      .then((page) => {
        const known = new Set(found.events.map((e) => e.id));
        const fresh = page.events.filter((e) => !known.has(e.id));
        setFound((now) => ({
          events: [...fresh, ...now.events],
          more: page.more && fresh.length > 0,
        }));
        setPrepended((n) => n + fresh.length);
      })
      .catch((why: unknown) => setError(why instanceof LabError ? why.sentence : String(why)))
      .finally(() => {
        busy.current = false;
      });
  };
  return { entries, prepended, more: found.more, error, older };
}

/** Adds the newest page behind what is known. */
export function append(known: LogLine[], page: LogLine[]): LogLine[] {
  if (known.length === 0) return page;
  const ids = new Set(known.map((e) => e.id));
  const fresh = page.filter((e) => !ids.has(e.id));
  return fresh.length === 0 ? known : [...known, ...fresh];
}

/** Joins what the lab found with what was heard live after it. */
export function join(found: readonly LogLine[], heard: readonly Entry[]): readonly Entry[] {
  if (found.length === 0) return heard;
  const ids = new Set(found.map((e) => e.id));
  let from = 0;
  // Behind the last line that both know, everything heard is newer.
  for (let i = heard.length - 1; i >= 0; i--) {
    const entry = heard[i];
    if (entry && !isGap(entry) && ids.has(entry.id)) {
      from = i + 1;
      break;
    }
  }
  const last = found.at(-1);
  const tail = heard
    .slice(from)
    .filter((e) => isGap(e) || (!ids.has(e.id) && (!last || e.t >= last.t)));
  return [...found, ...tail];
}
