// What can be done to a run by hand, in the words of a run's plan: it is kept there as it is sent here.

import { ask, post } from "./client";
import type { Value } from "./types";

/** A span of time, as a plan writes it. */
export interface Span {
  secs: number;
  nanos: number;
}

/** Some of a run's peers. */
export type Peers =
  | "all"
  | { numbers: number[] }
  | { share: { from: number; to: number } }
  /** The lab says of a run's plan which `peers` were drawn, unless they are very many. */
  | { random: { count: number; draw: number; peers?: number[] } };

/** What happens to messages on a link, besides latency. */
export interface Conditions {
  loss: number;
  duplication: number;
  reordering: number;
  reordering_by: Span;
  delay: Span;
  bandwidth: number | null;
}

/** The value of a parameter in a plan. */
export type Parameter =
  | { count: number }
  | { number: number }
  | { flag: boolean }
  | { text: string }
  | { span: Span }
  /** Values with how many peers in a row have each, peer 1 first. */
  | { per_peer: [number, number][] };

/** What can go wrong, be mended, or be asked. */
export type Fault =
  | "heal"
  | { partition: { groups: Peers[] } }
  | { cut: { from: Peers; to: Peers; both: boolean } }
  | { link: { from: Peers; to: Peers; conditions: Conditions | null } }
  | { conditions: Conditions }
  | { crash: { peers: Peers } }
  | { restart: { peers: Peers; disk: "kept" | "lost" } }
  | { pause: { peers: Peers } }
  | { resume: { peers: Peers } }
  | { slow: { peers: Peers; by: Span } }
  | { clock: { peers: Peers; offset_ns: number; drift_ppm: number } }
  | { join: { peers: Peers } }
  | { request: { peers: Peers; text: string } }
  | { set: { parameters: Record<string, Parameter> } };

/** A fault and when it happens. */
export interface Timed {
  at: Span;
  fault: Fault;
}

/** What a branch does differently from its parent. */
export interface BranchOrder {
  at_s?: number;
  event?: string;
  faults: Fault[];
  values: Record<string, Value>;
  speed: string;
  record: boolean;
  time_limit_s?: number;
}

const of = (run: string) => `/api/runs/${encodeURIComponent(run)}`;

/** Does something to a run under way; it is in the plan from then on, at the time that comes back. */
export function inject(run: string, fault: Fault): Promise<{ at_s: number; text: string }> {
  return ask(`${of(run)}/faults`, post({ fault }));
}

/** Starts a run that is its parent up to a moment, and goes on by itself. */
export function branch(run: string, order: BranchOrder): Promise<string> {
  return ask<{ run: string }>(`${of(run)}/branch`, post(order)).then((answer) => answer.run);
}

/** Writes an experiment that repeats a run with all that was done to it. */
export function save(
  run: string,
  as: { name: string; title?: string; overwrite?: boolean },
): Promise<{ name: string; file: string; source: string }> {
  return ask(`${of(run)}/save`, post(as));
}
