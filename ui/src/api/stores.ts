// Stores of real servers: which the lab knows, how far their replicas are, and what one asks of them.

import { ask, post } from "./client";

/** A store in the list of stores. */
export interface StoreLine {
  /** Its first front end: host and port. */
  address: string;
  front_ends: string[];
  /** What it says of itself; null of one that somebody named. */
  pid: number | null;
  folder: string | null;
  replicas: number | null;
}

export type Service = "online" | "offline" | "overloaded";

/** A line of updates: how many of it a replica holds, and how many it has executed. */
export interface LineTold {
  /** Whose line it is; null: the forced updates, or a replica that the store no longer names. */
  replica: number | null;
  forced: boolean;
  incarnation: number;
  held: number;
  executed: number;
}

/** A replica as its store tells of it. Of one that is not reached nothing else is known. */
export interface ReplicaTold {
  replica: number;
  reached: boolean;
  /** Is it a member, or a spare? Null: nobody could be asked. */
  member: boolean | null;
  /** It takes no calls: no member, or without its state. */
  fenced: boolean;
  /** It takes no calls: it may have been evicted. */
  out_of_touch: boolean;
  /** It takes no calls for a moment, while all replicas agree on something. */
  stopped: boolean;
  /** How long after the question it answered. */
  after_ms: number | null;
  service: Service | null;
  lines: LineTold[];
  log: number;
  sessions: number;
  waiting: number;
  gossip_sent: number;
  gossip_received: number;
  executed: number;
  queries: number;
  primary: number | null;
}

/** A store at a moment; why nothing is known of it, when it does not answer. */
export interface StoreTold {
  address: string;
  answers: boolean;
  why: string | null;
  told: { replicas: ReplicaTold[] } | null;
}

const at = (address: string) => `/api/stores/${encodeURIComponent(address)}`;

export const stores = {
  list: () => ask<{ stores: StoreLine[] }>("/api/stores").then((a) => a.stores),
  watch: (address: string) =>
    ask<{ address: string }>("/api/stores", post({ address })).then((a) => a.address),
  forget: (address: string) => ask<unknown>(at(address), { method: "DELETE" }),
  status: (address: string, signal: AbortSignal) => ask<StoreTold>(at(address), { signal }),
  switch: (address: string, replica: number, service: Service) =>
    ask<ReplicaTold>(`${at(address)}/replicas/${replica}/service`, {
      ...post({ service }),
      method: "PUT",
    }),
  gossip: (address: string, replica: number) =>
    ask<ReplicaTold>(`${at(address)}/replicas/${replica}/gossip`, post({})),
};
