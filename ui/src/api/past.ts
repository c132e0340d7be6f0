// What the lab tells of a run's course and of single moments in it.

import { ask } from "./client";
import type { LogLine } from "./types";

/** What a mark on the timeline stands for. */
export type MarkKind = "fault" | "crash" | "restart" | "target" | "note" | "violated" | "done";

/** Something worth going to. */
export interface Mark {
  t: number;
  kind: MarkKind;
  /** 0 for the run as a whole. */
  peer: number;
  name: string;
  text: string;
  event: string | null;
}

/** The course of a run in columns of equal width. */
export interface Timeline {
  from: number;
  to: number;
  live: boolean;
  recorded: boolean;
  /** Events in all that is recorded. */
  total: number;
  /** Width of a column, seconds of the run. */
  dt: number;
  /** Messages in each column. */
  sent: number[];
  delivered: number[];
  dropped: number[];
  /** Peers that are done, and targets met, by the end of each column. */
  done: number[];
  met: number[];
  marks: Mark[];
  /** Marks that were left out, for there are too many. */
  marks_hidden: number;
}

/** A value as the lab shows it, whatever its type was. */
export type Tree =
  | { type: "struct"; name: string; fields: [string, Tree][] }
  | { type: "map"; entries: [string, Tree][]; more: number }
  | { type: "list"; items: Tree[]; more: number }
  | { type: "leaf"; text: string };

/** A message, timer or request that will reach a peer. */
export interface Pending {
  /** Seconds of the run; null for what waits at the peer itself. */
  at: number | null;
  what: "message" | "timer" | "request";
  from: number | null;
  kind: string;
  text: string;
  bytes: number;
}

/** A simulated peer at one moment. */
export interface PeerState {
  peer: number;
  t: number;
  event: string | null;
  up: boolean;
  status: string;
  clock: { offset_ns: number; drift_ppm: number };
  state: Tree;
  /** Before the peer's last activation up to the moment. */
  before: Tree | null;
  /** Paths of the fields that this activation changed: "known.3". */
  changed: string[];
  timers: Pending[];
  timers_more: number;
  /** Messages under way to it. */
  inbox: Pending[];
  inbox_more: number;
  /** What waits while it is paused or slow. */
  waiting: Pending[];
  waiting_more: number;
  disk: {
    entries: { key: string; value: string; bytes: number; durable: boolean }[];
    bytes: number;
    more: number;
  };
}

/** A message as it was sent. */
export interface MessageBody {
  event: LogLine;
  text: string;
  /** Hexadecimal digits. */
  bytes: string;
  length: number;
  source: "re-executed" | "recorded";
}

/** What led to an event and what it led to. */
export interface Cone {
  event: LogLine;
  past: { peers: [number, number][]; events: number };
  future: { peers: [number, number][]; events: number };
  /** The chain of causes, from its root to the event. */
  path: LogLine[];
}

/** What became of the messages from one peer to another. */
export interface LinkTimes {
  sent: number;
  delivered: number;
  lost: number;
  /** How long those took that arrived; of very many, the latest are measured. */
  took: { measured: number; least_s: number; median_s: number; most_s: number } | null;
}

/** What a search of the events is asked. */
export interface SearchQuery {
  kind?: string;
  name?: string;
  text?: string;
  peer?: number;
  other?: number;
  /** Only what this event led to at once. */
  cause?: string;
  from?: number;
  to?: number;
  after?: string;
  limit?: number;
}

const of = (run: string) => `/api/runs/${encodeURIComponent(run)}`;

function query(parts: Record<string, string | number | undefined>): string {
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries(parts))
    if (value !== undefined && value !== "") query.set(key, String(value));
  return query.toString();
}

const abortable = (signal?: AbortSignal): RequestInit => ({ signal: signal ?? null });

export const past = {
  timeline: (run: string, width: number, signal?: AbortSignal) =>
    ask<Timeline>(`${of(run)}/timeline?${query({ width })}`, abortable(signal)),
  state: (run: string, at: { peer: number; t?: number; event?: string }, signal?: AbortSignal) =>
    ask<PeerState>(`${of(run)}/state?${query(at)}`, abortable(signal)),
  message: (run: string, event: string, signal?: AbortSignal) =>
    ask<MessageBody>(`${of(run)}/message?${query({ event })}`, abortable(signal)),
  cone: (run: string, event: string, signal?: AbortSignal) =>
    ask<Cone>(`${of(run)}/cone?${query({ event })}`, abortable(signal)),
  events: (run: string, ids: readonly string[], signal?: AbortSignal) =>
    ask<{ events: LogLine[] }>(
      `${of(run)}/events?${query({ ids: ids.join(",") })}`,
      abortable(signal),
    ).then((answer) => answer.events),
  link: (run: string, at: { from: number; to: number; t?: number }, signal?: AbortSignal) =>
    ask<{ there: LinkTimes; back: LinkTimes }>(`${of(run)}/link?${query(at)}`, abortable(signal)),
  search: (run: string, wanted: SearchQuery, signal?: AbortSignal) =>
    ask<{ events: LogLine[]; more: boolean; scanned: number }>(
      `${of(run)}/search?${query({ ...wanted })}`,
      abortable(signal),
    ),
};
