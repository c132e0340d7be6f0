// What the lab says of a run's recording: the space-time diagram, searches, states.

import { ask } from "./client";
import type { LogLine } from "./types";

/** One event as the diagram gets it: what is empty may be left out. */
export type Happening = Pick<LogLine, "id" | "t" | "peer" | "kind" | "name"> & Partial<LogLine>;

/** [sent event, its end's event, from, to, sent at, ended at, kind, lost, bytes] */
export type MessageRow = [
  sent: string,
  end: string | null,
  from: number,
  to: number,
  t0: number,
  t1: number | null,
  kind: string,
  lost: boolean | number,
  bytes: number,
];

interface SpacetimeBase {
  /** The span that is answered for, seconds. */
  from: number;
  to: number;
  /** Events in it, of the peers in sight. */
  total: number;
  /** The same of all peers. */
  total_all?: number;
  /** The rows, top to bottom: so ordered that arrows are short. */
  peers: number[];
  /** Peers for which there was no row. */
  hidden_peers: number;
  /** Peers left out because nothing happened to them. */
  quiet_peers: number;
  /** A sample when not `detail`. */
  messages: MessageRow[];
  /** Messages drawn, and all. */
  shown?: number;
  of?: number;
}

/** A span of a run as peers and messages: event by event, or as counts when there are too many. */
export type Spacetime =
  | (SpacetimeBase & { detail: true; events: Happening[] })
  | (SpacetimeBase & {
      detail: false;
      columns: number;
      rows: [number, number[]][];
      /** What is rare is told one by one all the same. */
      marks?: Happening[];
      marks_of?: number;
    });

/** What the diagram is asked for. */
export interface SpacetimeQuery {
  from?: number;
  to?: number;
  /** Columns of counts, when there are too many events. */
  width: number;
  peers?: readonly number[] | null;
  rows: number;
  fold: boolean;
  limit: number;
}

/** What a search found: single events, or pairs for a pattern of two. */
export interface Found {
  events: LogLine[];
  matches: [LogLine, LogLine | null][];
  more: boolean;
  /** Where to go on: the `after` of the next search. */
  next: string | null;
  scanned: number;
}

/** What is searched for; what is left out matches everything. */
export interface SearchQuery {
  kind?: string;
  text?: string;
  /** An event, or two: "sent push then delivered digest within 500ms". */
  pattern?: string;
  after?: string;
  limit?: number;
}

/** One state of a chart, within its parent. */
export interface ChartState {
  name: string;
  parent: string | null;
  /** Peers in it at the moment asked for. */
  peers_now: number;
}

/** One way from a state to another. */
export interface ChartTransition {
  from: string | null;
  to: string | null;
  count: number;
  /** What it followed on and how many times: kinds of message, names of timers. */
  triggers: [name: string, count: number][];
}

/** The states that peers of one community tell of. */
export interface Chart {
  name: string;
  initial: string | null;
  states: ChartState[];
  transitions: ChartTransition[];
}

/** The charts of a run, and each peer's states at the moment asked for. */
export interface Charts {
  charts: Chart[];
  peers: Record<string, string[]>;
}

function query(of: Record<string, unknown>): string {
  const parts = new URLSearchParams();
  for (const [key, value] of Object.entries(of))
    if (value !== undefined && value !== null && value !== "") parts.set(key, String(value));
  return parts.toString();
}

function get<T>(run: string, verb: string, of: Record<string, unknown>, signal?: AbortSignal) {
  const path = `/api/runs/${encodeURIComponent(run)}/${verb}?${query(of)}`;
  return ask<T>(path, { signal: signal ?? null });
}

export const trace = {
  spacetime: (run: string, of: SpacetimeQuery, signal?: AbortSignal) =>
    get<Spacetime>(run, "spacetime", { ...of, fold: of.fold ? 1 : 0 }, signal),
  search: (run: string, of: SearchQuery, signal?: AbortSignal) =>
    get<Found>(run, "search", { ...of }, signal),
  chart: (run: string, of: { name?: string; t?: number }, signal?: AbortSignal) =>
    get<Charts>(run, "chart", of, signal),
};
