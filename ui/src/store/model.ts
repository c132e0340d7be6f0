// A store of real servers as the page follows it: how far each replica is, and, from one look to the next, how
// much it does in a second.

import type { LineTold, ReplicaTold, Service } from "../api/stores";
import { before, type Cell, type Line, type Row } from "../replicas/model";

/** How far back the rates go. */
export const WINDOW_MS = 180_000;
/** The least that is drawn, so that the first seconds do not fill it. */
const SPAN_MIN_MS = 30_000;
/** Looks that are remembered of a replica, at most: one a second for the window, and some. */
const LOOKS_MAX = 200;
/** Looks that are nearer to each other tell how far a replica is, and not how fast. */
const APART_MS = 500;
/** A replica that has stopped is so for a moment, mostly; at so many looks in a row it is shown. */
const STOPS_SHOWN = 2;
/** How long it is told that a replica was started again. */
const FRESH_MS = 60_000;

/** What is counted, and shown in a second. */
export const COUNTERS = ["gossip_sent", "gossip_received", "executed", "queries"] as const;
export type Counter = (typeof COUNTERS)[number];

/** What a replica did in each second up to a moment; null where nobody knows. */
export interface Look {
  at: number;
  rates: Record<Counter, number | null>;
}

/** How a replica is. A spare holds nothing until it is added, and serves nobody. */
export type Standing =
  | "not reached"
  | "spare"
  | "offline"
  | "overloaded"
  | "catching up"
  | "out of touch"
  | "stopped"
  | "online";

/** One replica, as a row of the page. */
export interface StoreRow extends Row {
  reached: boolean;
  standing: Standing;
  /** It takes no calls, for it has not the state that a member has. */
  fenced: boolean;
  /** Updates that it has yet to execute until it is where the others were when it came back. */
  behind: number;
  waiting: number;
  /** When it was last reached, and when it was last seen to have been started again; null when never. */
  seen: number | null;
  again: number | null;
  /** Its newest look, and those of the window, the oldest first. */
  now: Look["rates"] | null;
  looks: readonly Look[];
}

/** All of a store at its newest look. */
export interface StoreNow {
  at: number;
  lines: Line[];
  rows: StoreRow[];
  /** The replica that most others say orders forced updates; null when none does. */
  primary: number | null;
}

const UNKNOWN: Look["rates"] = {
  ...{ gossip_sent: null, gossip_received: null },
  ...{ executed: null, queries: null },
};

/** What is remembered of a replica. */
interface Memory {
  /** What it told last. */
  told: ReplicaTold | null;
  at: number | null;
  reached: boolean;
  /** Is it a member of the store, as far as anybody knows? */
  member: boolean;
  /** Looks in a row at which it had stopped. */
  stops: number;
  /** What the next rates are made from, and when it was told. */
  counted: { told: ReplicaTold; at: number } | null;
  again: number | null;
  /** What it has to have executed, by line, to be where the others were when it came back. */
  goal: Map<string, number> | null;
  looks: Look[];
}

/** Follows one store from look to look. */
export class Watch {
  private readonly memories = new Map<number, Memory>();
  private order: number[] = [];
  private at = 0;

  /** Takes in what the replicas told when they were asked at a moment, in milliseconds. */
  take(asked: number, replicas: readonly ReplicaTold[]): void {
    this.at = asked;
    this.order = [...new Set(replicas.map(({ replica }) => replica))].sort((a, b) => a - b);
    for (const replica of this.memories.keys())
      if (!this.order.includes(replica)) this.memories.delete(replica);
    const most = mostOf(replicas.flatMap((one) => (isIn(one) ? one.lines : [])));
    for (const told of replicas) this.remember(asked, told, most);
  }

  /** Nobody answers: what is told next is compared with nothing, and whoever is back then has to catch up. */
  pause(): void {
    for (const memory of this.memories.values())
      Object.assign(memory, { reached: false, counted: null });
  }

  private remember(asked: number, told: ReplicaTold, most: Map<string, number>): void {
    const at = asked + (told.after_ms ?? 0);
    const memory = this.memories.get(told.replica) ?? newMemory();
    this.memories.set(told.replica, memory);
    // What it was before it left, or came, says nothing of what it is now.
    const isMember = told.member ?? memory.member;
    if (isMember !== memory.member) Object.assign(memory, newMemory(), { member: isMember });
    if (!told.reached) {
      memory.reached = false;
      memory.counted = null;
      note(memory, { at, rates: UNKNOWN });
      return;
    }
    const before = memory.told;
    memory.stops = told.stopped ? memory.stops + 1 : 0;
    const restarted = before !== null && COUNTERS.some((key) => told[key] < before[key]);
    if (restarted) memory.again = at;
    if (restarted) memory.counted = null;
    // Whoever comes has to get to where the others are; a fenced one is not there yet.
    const isBack = before === null ? told.fenced : !memory.reached;
    if (restarted || isBack) memory.goal = most;
    if (memory.goal && lacking(told, memory.goal) === 0) memory.goal = null;
    count(memory, told, at);
    Object.assign(memory, { told, at, reached: true });
  }

  /** The store as it is now; of a replica that is not reached, what it told last. */
  now(): StoreNow | null {
    if (this.order.length === 0) return null;
    const memories = this.order.map((replica) => [replica, this.memories.get(replica)] as const);
    const told = memories.flatMap(([, memory]) => (memory?.member && memory.told) || []);
    const lines = linesOf(told.flatMap((one) => one.lines));
    const rows = memories.map(([replica, memory]) =>
      rowOf(replica, memory ?? newMemory(), lines, this.at),
    );
    return { at: this.at, lines, rows, primary: primaryOf(told) };
  }
}

/** How far back the drawn rates go: as far as somebody has looked. */
export function spanOf({ at, rows }: StoreNow): number {
  const first = Math.min(at, ...rows.map(({ looks }) => looks[0]?.at ?? at));
  return Math.min(WINDOW_MS, Math.max(SPAN_MIN_MS, at - first));
}

function newMemory(): Memory {
  const nothing = { told: null, at: null, counted: null, again: null, goal: null };
  return { ...nothing, reached: false, member: true, stops: 0, looks: [] };
}

/** Does it tell how far the store is? */
const isIn = ({ reached, member }: ReplicaTold) => reached && member !== false;

/** Makes rates of what was done since they were made last. */
function count(memory: Memory, told: ReplicaTold, at: number): void {
  const { counted } = memory;
  if (counted && at - counted.at < APART_MS) return;
  const rates = counted ? ratesOf(counted.told, told, (at - counted.at) / 1000) : UNKNOWN;
  note(memory, { at, rates });
  memory.counted = { told, at };
}

function note({ looks }: Memory, look: Look): void {
  looks.push(look);
  while (looks.length > LOOKS_MAX || (looks[0]?.at ?? look.at) < look.at - WINDOW_MS) looks.shift();
}

/** As the store writes it: `1`, `1.3fa` in another life of replica 1, `F` for forced updates. */
function slotOf({ replica, forced, incarnation }: LineTold): string {
  if (forced) return "F";
  const life = incarnation === 0 ? "" : `.${incarnation.toString(16)}`;
  return `${replica ?? "gone"}${life}`;
}

/** Counts lines that have ended: those are no updates. */
const isEnded = ({ replica, forced, incarnation }: LineTold) =>
  replica === null && !forced && incarnation === 1;

function mostOf(lines: readonly LineTold[]): Map<string, number> {
  const most = new Map<string, number>();
  for (const line of lines) {
    if (isEnded(line)) continue;
    const slot = slotOf(line);
    most.set(slot, Math.max(most.get(slot) ?? 0, line.held));
  }
  return most;
}

function linesOf(told: readonly LineTold[]): Line[] {
  const lines = new Map<string, Line>();
  for (const [slot, most] of mostOf(told)) {
    const of = told.find((line) => slotOf(line) === slot);
    const replica = slot === "F" ? null : String(of?.replica ?? "a replica that left");
    const life = of?.incarnation ? of.incarnation.toString(16) : null;
    if (most > 0) lines.set(slot, { slot, replica, life, most });
  }
  return [...lines.values()].sort(before);
}

/** How many updates of a goal a replica has not executed. */
function lacking(told: ReplicaTold, goal: ReadonlyMap<string, number>): number {
  const executed = new Map(told.lines.map((line) => [slotOf(line), line.executed]));
  let sum = 0;
  for (const [slot, most] of goal) sum += Math.max(0, most - (executed.get(slot) ?? 0));
  return sum;
}

function ratesOf(a: ReplicaTold, b: ReplicaTold, seconds: number): Look["rates"] {
  const of = (key: Counter) => (b[key] - a[key]) / seconds;
  return {
    ...{ gossip_sent: of("gossip_sent"), gossip_received: of("gossip_received") },
    ...{ executed: of("executed"), queries: of("queries") },
  };
}

function rowOf(peer: number, memory: Memory, lines: readonly Line[], now: number): StoreRow {
  const { told, reached, looks } = memory;
  const cells: Cell[] = lines.map(({ slot }) => {
    const line = told?.lines.find((one) => slotOf(one) === slot);
    return { held: line?.held ?? 0, executed: line?.executed ?? 0 };
  });
  const service: Service = told?.service ?? "online";
  const behind = memory.goal && told ? lacking(told, memory.goal) : 0;
  const fenced = told?.fenced ?? false;
  const isFresh = memory.again !== null && now - memory.again < FRESH_MS;
  return {
    ...{ peer, cells, service, reached, behind, fenced, silent: told === null },
    ...{ member: memory.member, standing: standingOf(memory, behind) },
    ...{ log: told?.log ?? null, calls: told?.sessions ?? null, waiting: told?.waiting ?? 0 },
    ...{ seen: memory.at, again: isFresh ? memory.again : null },
    ...{ now: reached ? (looks.at(-1)?.rates ?? null) : null, looks },
  };
}

function standingOf({ member, reached, told, stops }: Memory, behind: number): Standing {
  if (!member) return "spare";
  if (!reached || told === null) return "not reached";
  if (told.service !== "online") return told.service ?? "online";
  if (behind > 0 || told.fenced) return "catching up";
  if (told.out_of_touch) return "out of touch";
  return stops >= STOPS_SHOWN ? "stopped" : "online";
}

function primaryOf(told: readonly ReplicaTold[]): number | null {
  const votes = new Map<number, number>();
  for (const { primary } of told)
    if (primary !== null) votes.set(primary, (votes.get(primary) ?? 0) + 1);
  const [most] = [...votes].sort((a, b) => b[1] - a[1]);
  return most?.[0] ?? null;
}
