// One run on the bench: applies what the lab's frames say. The page knows nothing else of it.

import type { CursorRow, EdgeRow, Frame, Hello, PeerRow, Run, Word } from "../api/types";
import { Edges } from "./edges";
import { Gauges } from "./gauges";
import { Groups } from "./groups";
import { Journal } from "./journal";
import { Peers, Status } from "./peers";

/** Messages of one kind since the run began. */
export interface KindCount {
  sent: number;
  bytes: number;
}

/** Hears every word, after it has been applied; `news` are the messages on links to animate. */
export type FrameListener = (news: readonly EdgeRow[], word: Word) => void;

/** Faster than this, run seconds in a second, messages are not followed one by one. */
const ANIMATED_SPEED_MAX = 4;

/** The state of a run, kept up to date by `take`. */
export class Bench {
  /** The run as it is at the cursor. */
  run: Run;
  /** The run as it is at its present or end, wherever the cursor is. */
  present: Run;
  /** Run time of the latest frame, seconds. */
  t = 0;
  aggregated = false;
  communities: string[] = [];
  kinds: string[] = [];
  targets: string[] = [];
  measures: string[] = [];
  peers: Peers;
  edges: Edges;
  groups: Groups;
  /** Peers of the groups that the page looks into, by their number. */
  members = new Map<number, PeerRow>();
  /** Where peers stand in the protocol's own picture, 0 to 1, by their number. */
  positions = new Map<number, [number, number]>();
  kindCounts: KindCount[] = [];
  /** What peers have measured. */
  readonly gauges = new Gauges();
  journal = new Journal();
  /** Frames applied since the page opened this run. */
  frames = 0;
  /** Events that peers could not report in time. */
  traceDropped = 0;
  /** Where in the run's time the page is, as the lab told last. */
  cursor: CursorRow | null = null;
  /** How much of a recording the lab has read, 0 to 1; null when all is. */
  loading: number | null = null;
  /** Has the lab said what run this is? Before, nobody knows how large it is. */
  greeted = false;
  private catchingUp = true;
  /** Was the last hello one of the past? */
  private past = false;
  private readonly listeners = new Set<FrameListener>();

  constructor(run: Run) {
    this.run = run;
    this.present = { ...run };
    this.peers = new Peers(0);
    this.edges = new Edges(0);
    this.groups = new Groups(0);
  }

  /** Applies one word from the lab. */
  take(word: Word): void {
    if (word.type === "hello") this.greet(word);
    else if (word.type === "frame") this.advance(word);
  }

  /** Starts anew: the line to the lab is fresh, and all that follows rebuilds the state. */
  private greet(hello: Hello): void {
    this.greeted = true;
    this.run = { ...this.run, ...hello.run };
    this.past = hello.past === true;
    if (!this.past) this.present = { ...this.run };
    this.aggregated = hello.aggregated;
    this.communities = hello.communities;
    this.kinds = hello.kinds;
    this.targets = hello.targets;
    this.measures = hello.measures ?? [];
    this.gauges.forget();
    this.resize(hello.peers);
    this.kindCounts = [];
    this.journal = new Journal();
    this.t = hello.past ? 0 : hello.run.virtual_seconds;
    this.catchingUp = hello.past === true || hello.run.events > 0;
    if (!hello.past) this.cursor = null;
    this.members.clear();
    for (const listener of this.listeners) listener([], hello);
  }

  private resize(peers: number): void {
    this.peers = new Peers(this.aggregated ? 0 : peers);
    this.edges = new Edges(peers);
    this.groups = new Groups(peers);
  }

  private advance(frame: Frame): void {
    this.frames += 1;
    this.t = Math.max(this.t, frame.t);
    if (frame.run) {
      const { trace_dropped, loading, ...state } = frame.run;
      Object.assign(this.run, state);
      // A frame of the past tells the counts of its moment.
      if (!this.isPast(frame)) Object.assign(this.present, state);
      this.loading = loading ?? null;
      this.traceDropped = trace_dropped ?? this.traceDropped;
    }
    this.follow(frame);
    this.learnNames(frame);
    for (const row of frame.peers ?? []) this.peers.take(row);
    for (const [id, label] of Object.entries(frame.labels ?? {}))
      this.peers.setLabel(Number(id), label);
    for (const row of frame.groups ?? []) this.groups.take(row);
    for (const row of frame.members ?? []) this.members.set(row[0], row);
    for (const [peer, x, y] of frame.positions ?? []) this.positions.set(peer, [x, y]);
    this.gauges.take(frame.gauges ?? [], this.measures);
    this.gauges.leftOut = frame.gauges_left_out ?? this.gauges.leftOut;
    for (const row of frame.edges ?? []) this.edges.take(row, frame.t);
    if (frame.edges_hidden !== undefined) this.edges.setHidden(frame.edges_hidden);
    for (const [kind, sent, bytes] of frame.kinds ?? []) this.kindCounts[kind] = { sent, bytes };
    this.journal.take(frame.log ?? [], frame.log_skipped ?? 0);
    const news = this.catchingUp || !this.moving ? [] : (frame.edges ?? []);
    this.catchingUp = false;
    for (const listener of this.listeners) listener(news, frame);
  }

  private isPast(frame: Frame): boolean {
    const at = frame.cursor ?? this.cursor;
    return at ? !at.live : this.past;
  }

  /** The lab tells where the page is when that changes; the present moves with every event. */
  private follow(frame: Frame): void {
    if (frame.cursor) this.cursor = frame.cursor;
    else if (this.cursor?.live) {
      const n = this.cursor.n + (frame.log?.length ?? 0) + (frame.log_skipped ?? 0);
      const event = frame.log?.at(-1) ?? this.cursor.event;
      this.cursor = { ...this.cursor, t: frame.t, n, of: n, event };
    }
  }

  /** Does time pass for the page? What a recording or a jump brings happened long ago. */
  private get moving(): boolean {
    const { cursor } = this;
    if (cursor && !cursor.live) return cursor.speed > 0 && cursor.speed <= ANIMATED_SPEED_MAX;
    return this.loading === null && this.run.live;
  }

  /** The moment that is looked at, seconds of the run. */
  get now(): number {
    return this.cursor && !this.cursor.live ? this.cursor.t : this.t;
  }

  /** Looks into these groups of a very large run: only their peers are kept one by one. */
  focus(groups: readonly number[]): void {
    for (const peer of this.members.keys())
      if (!groups.includes(this.groups.of(peer))) this.members.delete(peer);
  }

  private learnNames(frame: Frame): void {
    if (frame.dict?.communities) this.communities = frame.dict.communities;
    if (frame.dict?.kinds) this.kinds = frame.dict.kinds;
    if (frame.dict?.targets) this.targets = frame.dict.targets;
    if (frame.dict?.measures) this.measures = frame.dict.measures;
  }

  /** Calls `listener` after every frame, until the returned function is called. */
  listen(listener: FrameListener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** What a peer is up to, as far as the page was told of it: also within a group. */
  statusOf(id: number): number {
    return this.members.get(id)?.[1] ?? this.peers.status[id] ?? Status.Waiting;
  }

  /** Is this one peer known, and not only the group that it belongs to? */
  knows(id: number): boolean {
    return this.aggregated ? this.members.has(id) : id <= this.peers.size;
  }

  /** Peers that said that they are done. */
  get done(): number {
    return this.aggregated ? this.groups.done : this.peers.doneCount;
  }

  /** Peers in the run. */
  get size(): number {
    return this.aggregated ? this.run.peers : this.peers.size;
  }

  /** What is written on a peer: its targets and its number. */
  caption(id: number): string {
    const targets = this.peers
      .targets(id)
      .map(([target, current, goal]) => `${this.targets[target] ?? "target"}: ${current}/${goal}`);
    return [...targets, `id: ${this.peers.label(id)}`].join(", ");
  }
}
