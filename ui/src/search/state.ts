// A search through the whole trace of the open run: what was asked, what was found, which of it is looked
// at. The address carries the words; every view that shows events can show what was found.

import { computed, effect, signal } from "@preact/signals";
import { LabError } from "../api/client";
import { trace } from "../api/history";
import type { LogLine } from "../api/types";
import { adjust, route } from "../state/route";
import { isPattern, read } from "./language";

/** Of longer results, so many are shown first; the rest is asked for. */
export const PAGE = 500;
/** Results kept in all. */
export const FOUND_MAX = 10_000;

/** One result: an event, or two for a pattern (the second is missing where none followed). */
export type Result = readonly [first: LogLine, second: LogLine | null];

export interface Search {
  run: string;
  text: string;
  busy: boolean;
  error: { sentence: string; column: number | null } | null;
  results: readonly Result[];
  /** Is it a pattern of two events? */
  pairs: boolean;
  /** Where the search goes on, if there is more. */
  next: string | null;
  more: boolean;
  scanned: number;
  /** The result that is looked at; -1 for none. */
  at: number;
}

/** The present search; null when nothing is searched for. */
export const search = signal<Search | null>(null);

/** The events found, each once. */
export const foundEvents = computed<readonly LogLine[]>(() => {
  const all = new Map<string, LogLine>();
  for (const [first, second] of search.value?.results ?? []) {
    all.set(first.id, first);
    if (second) all.set(second.id, second);
  }
  return [...all.values()];
});

let flight: AbortController | null = null;

/** Searches for what the address says, whenever that changes. */
export function followSearch(): () => void {
  const stop = effect(() => {
    const at = route.value;
    const [run, text] = at.at === "run" ? [at.run, at.find] : [null, null];
    const now = search.peek();
    if (now?.run === run && now?.text === text) return;
    flight?.abort();
    if (run && text) void begin(run, text);
    else search.value = null;
  });
  return () => {
    stop();
    flight?.abort();
  };
}

/** Asks for this; nothing ends the search. */
export function find(text: string): void {
  const trimmed = text.trim();
  // The same words again are a wish for fresh results: the run may have gone on.
  if (trimmed && trimmed === search.peek()?.text) void begin(search.peek()?.run ?? "", trimmed);
  adjust({ find: trimmed || null });
}

async function begin(run: string, text: string): Promise<void> {
  const nothing = { results: [], pairs: false, next: null, more: false, scanned: 0, at: -1 };
  search.value = { run, text, busy: true, error: null, ...nothing };
  await ask(run, text, undefined);
}

/** Asks for the results after those that are there. */
export async function findMore(): Promise<void> {
  const now = search.peek();
  if (!now?.more || !now.next || now.busy || now.results.length >= FOUND_MAX) return;
  search.value = { ...now, busy: true };
  await ask(now.run, now.text, now.next ?? undefined);
}

async function ask(run: string, text: string, after: string | undefined): Promise<void> {
  flight?.abort();
  const mine = new AbortController();
  flight = mine;
  try {
    const query = { ...read(text), limit: PAGE, ...(after ? { after } : {}) };
    const found = await trace.search(run, query, mine.signal);
    const now = search.peek();
    if (mine.signal.aborted || !now) return;
    const pairs = isPattern(text);
    const fresh: readonly Result[] = pairs
      ? found.matches.map(([first, second]) => [first, second] as const)
      : found.events.map((event) => [event, null] as const);
    const results = [...now.results, ...fresh];
    const { more, next } = found;
    const scanned = now.scanned + found.scanned;
    search.value = { ...now, busy: false, error: null, results, pairs, more, next, scanned };
  } catch (error) {
    const now = search.peek();
    if (mine.signal.aborted || !now) return;
    const refused = error instanceof LabError;
    const sentence = refused ? error.sentence : String(error);
    const column = refused ? error.column : null;
    search.value = { ...now, busy: false, error: { sentence, column } };
  }
}

/** Looks at a result. */
export function lookAt(index: number): void {
  const now = search.peek();
  if (!now || now.results.length === 0) return;
  const at = (index + now.results.length) % now.results.length;
  search.value = { ...now, at };
  const event = now.results[at]?.[0];
  if (event) adjust({ event: event.id });
}

/** Looks at the next result, or so many on. */
export function nextResult(by: number): void {
  const now = search.peek();
  if (now) lookAt(now.at < 0 && by < 0 ? -1 : now.at + by);
}
