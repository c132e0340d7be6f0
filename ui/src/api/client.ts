// Asks the lab over HTTP, and turns every way of failing into one kind of error with a sentence.

import type { Check, Experiment, LogPage, Mode, Order, Run, Value } from "./types";

/** Why the lab did not do what was asked. */
export class LabError extends Error {
  /** HTTP status; 0 when the lab did not answer. */
  readonly status: number;
  readonly field: string | null;
  readonly line: number | null;
  readonly column: number | null;
  /** What to do about it, when the lab knows. */
  readonly next: string | null;

  constructor(status: number, message: string, more: Partial<LabError> = {}) {
    super(message);
    this.name = "LabError";
    this.status = status;
    this.field = more.field ?? null;
    this.line = more.line ?? null;
    this.column = more.column ?? null;
    this.next = more.next ?? null;
  }

  /** The message and, where known, what to do next. */
  get sentence(): string {
    return this.next ? `${this.message}; ${this.next}` : this.message;
  }
}

const GONE = "The lab does not answer. Start it again with: rumormill lab";
const SIGNED_OUT =
  "The lab does not know this page. Open the address that it printed in the terminal.";

/** Asks the lab something; every way of failing is a `LabError`. */
export async function ask<T>(path: string, init: RequestInit = {}): Promise<T> {
  let answer: Response;
  try {
    answer = await fetch(path, {
      ...init,
      headers: { Accept: "application/json", ...init.headers },
      credentials: "same-origin",
      cache: "no-store",
    });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new LabError(0, GONE);
  }
  if (answer.ok) return (answer.status === 204 ? null : await answer.json().catch(() => null)) as T;
  throw await refusal(answer);
}

async function refusal(answer: Response): Promise<LabError> {
  if (answer.status === 401) return new LabError(401, SIGNED_OUT);
  if (answer.status === 502) return new LabError(0, GONE);
  const body: unknown = await answer.json().catch(() => null);
  const error = (body as { error?: Partial<LabError> } | null)?.error;
  return new LabError(
    answer.status,
    error?.message ?? `The lab refused this (HTTP ${answer.status}).`,
    error ?? {},
  );
}

/** A request that brings something along. */
export function post(body: unknown, signal?: AbortSignal): RequestInit {
  return {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
    signal: signal ?? null,
  };
}

/** What the event log is asked for. */
export interface LogQuery {
  kind?: string;
  text?: string;
  peer?: string;
  before?: string;
  limit?: number;
}

function query(of: LogQuery): string {
  const parts = new URLSearchParams();
  for (const [key, value] of Object.entries(of))
    if (value !== undefined && value !== "") parts.set(key, String(value));
  return parts.toString();
}

export const lab = {
  experiments: () =>
    ask<{ experiments: Experiment[] }>("/api/experiments").then((a) => a.experiments),
  check: (
    order: { experiment: string; values: Record<string, Value>; as: Mode },
    signal: AbortSignal,
  ) => ask<Check>("/api/check", post(order, signal)),
  start: (order: Order) => ask<{ run: string }>("/api/runs", post(order)).then((a) => a.run),
  runs: () => ask<{ runs: Run[] }>("/api/runs").then((a) => a.runs),
  run: (id: string) => ask<Run>(`/api/runs/${encodeURIComponent(id)}`),
  stop: (id: string) => ask<unknown>(`/api/runs/${encodeURIComponent(id)}/stop`, post({})),
  remove: (id: string) => ask<unknown>(`/api/runs/${encodeURIComponent(id)}`, { method: "DELETE" }),
  log: (id: string, of: LogQuery, signal?: AbortSignal) =>
    ask<LogPage>(`/api/runs/${encodeURIComponent(id)}/log?${query(of)}`, {
      signal: signal ?? null,
    }),
};
