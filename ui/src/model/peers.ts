// The peers of a run as the page knows them: flat arrays, since there may be 20,000.

import type { PeerRow, TargetCell } from "../api/types";

/** What a peer is up to. The numbers are the lab's. */
export const Status = { Waiting: 0, Up: 1, Crashed: 2, Paused: 3, Stopped: 4 } as const;

const STATUS_WORDS = ["waiting", "up", "crashed", "paused", "stopped"] as const;

/** The word for a peer's status. */
export function statusWord(status: number): string {
  return STATUS_WORDS[status] ?? "unknown";
}

/** How far a peer is with all its targets, 0 to 1; -1 when it has none. */
export function progressOf(targets: readonly TargetCell[]): number {
  if (targets.length === 0) return -1;
  let sum = 0;
  for (const [, current, goal] of targets) sum += goal <= 0 ? 1 : Math.min(1, current / goal);
  return sum / targets.length;
}

const NONE: readonly never[] = [];

/** All peers, by their number in the experiment (1 to `size`). */
export class Peers {
  readonly size: number;
  readonly status: Uint8Array;
  readonly done: Uint8Array;
  /** 0 to 1, or -1 for a peer without targets. */
  readonly progress: Float32Array;
  readonly pid: Uint32Array;
  /** Peers of each status, in the order of `Status`. */
  readonly statusCount: number[];
  doneCount = 0;
  private readonly targetCells: (readonly TargetCell[])[] = [];
  private readonly communityLists: (readonly number[])[] = [];
  private readonly labels = new Map<number, string>();

  constructor(size: number) {
    this.size = size;
    this.status = new Uint8Array(size + 1);
    this.done = new Uint8Array(size + 1);
    this.progress = new Float32Array(size + 1).fill(-1);
    this.pid = new Uint32Array(size + 1);
    this.statusCount = [size, 0, 0, 0, 0];
  }

  /** Takes a peer's new row; rows of unknown peers are ignored. */
  take([id, status, done, targets, communities, pid]: PeerRow): void {
    if (!(id >= 1 && id <= this.size)) return;
    this.bump(this.status[id] ?? 0, -1);
    this.bump(status, 1);
    this.doneCount += (done ? 1 : 0) - (this.done[id] ?? 0);
    this.status[id] = status;
    this.done[id] = done ? 1 : 0;
    this.progress[id] = progressOf(targets);
    this.pid[id] = pid;
    this.targetCells[id] = targets;
    this.communityLists[id] = communities;
  }

  private bump(status: number, by: number): void {
    this.statusCount[status] = (this.statusCount[status] ?? 0) + by;
  }

  /** A peer's targets: [target, current, goal] each. */
  targets(id: number): readonly TargetCell[] {
    return this.targetCells[id] ?? NONE;
  }

  /** The communities that a peer has joined. */
  communities(id: number): readonly number[] {
    return this.communityLists[id] ?? NONE;
  }

  /** Gives a peer another name than its number (a legacy reporter's port). */
  setLabel(id: number, label: string): void {
    this.labels.set(id, label);
  }

  /** All other names, by number. */
  allLabels(): Record<string, string> {
    return Object.fromEntries(this.labels);
  }

  /** The peer of this name, if there is one. */
  named(label: string): number | null {
    for (const [id, name] of this.labels) if (name === label) return id;
    return null;
  }

  /** What to call a peer. */
  label(id: number): string {
    return this.labels.get(id) ?? String(id);
  }
}
