// What the lab computes from runs: metrics, comparisons, explorations of many seeds, sweeps.

import type { Histogram } from "../plot/histogram";
import { ask, post } from "./client";
import type { LogLine, Mode, Outcome, Run, Value } from "./types";

/** One measure of a run over its time. */
export interface Series {
  id: string;
  name: string;
  unit: string;
  /** Series of one group belong into one plot. */
  group: string;
  kind: "rate" | "gauge" | "count";
  values: (number | null)[];
  peak: number | null;
  mean: number | null;
}

/** The measures of a run: a value for each column of `dt` seconds. */
export interface Metrics {
  from: number;
  to: number;
  dt: number;
  series: Series[];
  histograms: Histogram[];
}

/** A number that runs have in common. */
export interface Total {
  name: string;
  unit: string;
  values: (number | null)[];
  /** Each value to the first run's. */
  ratios: (number | null)[];
}

/** The first event that differs. */
export interface Difference {
  n: number | null;
  t: number;
  left: LogLine | null;
  right: LogLine | null;
  before: LogLine[];
  same: number;
  aligned: "event by event" | "peer by peer";
}

/** Runs beside each other. */
export interface Comparison {
  runs: Run[];
  totals: Total[];
  difference: Difference | null;
  parameters: { name: string; values: unknown[] }[];
}

/** Many seeds of one experiment. */
export interface Exploration {
  job: string;
  experiment: string;
  state: "running" | "ended" | "stopped";
  seeds: [number, number];
  done: number;
  /** A letter a seed: . not yet, c completed, t time limit, v violated, f failed. */
  outcomes: string;
  failing: number[];
  shrink: Shrinking | null;
  found: Found | null;
  error?: string | null;
  values?: Record<string, Value>;
}

/** How far a failing run has been made smaller; pairs are before and now. */
export interface Shrinking {
  tries: number;
  state: string;
  faults: [number, number];
  peers: [number, number];
  messages?: [number, number];
}

/** The smallest failing run that was found. */
export interface Found {
  seed: number;
  experiment: string;
  file: string;
  run: string | null;
  event: string | null;
  text: string;
}

/** What one measure was over the seeds of a point. */
export interface Measure {
  unit: string;
  mean: number;
  min: number;
  max: number;
  p50: number;
  sd: number;
  values: number[];
}

/** One parameter over several values. */
export interface Sweep {
  job: string;
  experiment: string;
  state: "running" | "ended" | "stopped";
  parameter: string;
  points: { value: Value; runs: number; done: number; measures: Record<string, Measure> }[];
  measures: string[];
  error?: string | null;
}

/** A job of the lab, in its list. */
export interface JobLine {
  job: string;
  kind: "explore" | "sweep";
  experiment: string;
  state: string;
}

const of = (id: string) => `/api/runs/${encodeURIComponent(id)}`;

export const figures = {
  metrics: (run: string, width: number, signal?: AbortSignal) =>
    ask<Metrics>(`${of(run)}/metrics?width=${width}`, { signal: signal ?? null }),
  compare: (runs: string[], signal?: AbortSignal) =>
    ask<Comparison>(`/api/compare?runs=${runs.map(encodeURIComponent).join(",")}`, {
      signal: signal ?? null,
    }),
  explore: (order: {
    experiment: string;
    values: Record<string, Value>;
    seeds: [number, number];
    time_limit_s?: number;
  }) => ask<{ job: string }>("/api/explore", post(order)).then((a) => a.job),
  exploration: (job: string) => ask<Exploration>(`/api/explore/${encodeURIComponent(job)}`),
  stopExploration: (job: string) =>
    ask<unknown>(`/api/explore/${encodeURIComponent(job)}/stop`, post({})),
  sweep: (order: {
    experiment: string;
    values: Record<string, Value>;
    parameter: string;
    points: Value[];
    seeds: [number, number];
    as: Mode;
  }) => ask<{ job: string }>("/api/sweeps", post(order)).then((a) => a.job),
  sweepOf: (job: string) => ask<Sweep>(`/api/sweeps/${encodeURIComponent(job)}`),
  stopSweep: (job: string) => ask<unknown>(`/api/sweeps/${encodeURIComponent(job)}/stop`, post({})),
  jobs: () => ask<{ jobs: JobLine[] }>("/api/jobs").then((a) => a.jobs),
};

const LETTERS: Record<string, Outcome | null> = {
  c: "completed",
  t: "time-limit",
  v: "violated",
  f: "failed",
  s: "stopped",
};

/** The outcome that a letter of an exploration stands for; null for a seed that has not run. */
export function outcomeOf(letter: string): Outcome | null {
  return LETTERS[letter] ?? null;
}
