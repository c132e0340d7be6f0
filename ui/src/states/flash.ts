// Transitions as they happen: a state that is left and one that is entered by the same peer at the same
// moment. They flash in the chart for as long as an eye needs.

import { useEffect, useRef, useState } from "preact/hooks";
import type { LogLine } from "../api/types";
import { isGap } from "../model/journal";
import type { Bench } from "../model/run";
import { watchRun } from "../state/bench";
import { cursor } from "../state/cursor";

/** How long a transition is lit, milliseconds. */
const LIT_MS = 700;
/** Of one frame, so many of the newest lines are looked at. */
const LINES_MAX = 400;

/** What names a transition: its chart, and its states. */
export function transitionKey(chart: string, from: string | null, to: string): string {
  return `${chart}\n${from ?? ""}\n${to}`;
}

/** The transitions among lines of the log. */
export function transitionsIn(lines: readonly LogLine[]): string[] {
  const left = new Map<string, string>();
  const found = new Set<string>();
  const place = (line: LogLine) => `${line.peer} ${line.community} ${line.t}`;
  for (const line of lines) {
    if (line.kind === "exited") left.set(place(line), line.name);
    if (line.kind === "entered")
      found.add(transitionKey(line.community, left.get(place(line)) ?? null, line.name));
  }
  return [...found];
}

/** The transitions that are lit now. */
export function useFlashes(bench: Bench): ReadonlySet<string> {
  watchRun();
  const last = useRef<string | null>(null);
  const [lit, setLit] = useState<ReadonlySet<string>>(new Set());
  const fresh = transitionsIn(news(bench, last.current));
  const newest = bench.journal.entries.at(-1);
  const at = cursor.value?.event ?? null;
  const id = (newest && !isGap(newest) ? newest.id : "") + (at?.id ?? "");
  useEffect(() => {
    const first = last.current === null;
    last.current = newest && !isGap(newest) ? newest.id : "";
    // What was there before the view was opened is not news.
    if (first || fresh.length === 0) return undefined;
    setLit(new Set(fresh));
    const timer = setTimeout(() => setLit(new Set()), LIT_MS);
    return () => clearTimeout(timer);
  }, [id]);
  return lit;
}

/** The lines behind the one that was the newest. */
function news(bench: Bench, last: string | null): LogLine[] {
  const out: LogLine[] = [];
  const { entries } = bench.journal;
  for (let i = entries.length - 1; i >= 0 && out.length < LINES_MAX; i--) {
    const entry = entries[i];
    if (!entry || isGap(entry)) continue;
    if (entry.id === last) break;
    out.unshift(entry);
  }
  return out;
}
