// Beyond some 20,000 peers the lab sends groups of consecutive peers instead of single ones.

import type { GroupRow } from "../api/types";

/** The lab divides the peers into at most so many groups. */
export const GROUPS_MAX = 1024;

/** What is known of one group. */
export interface Group {
  index: number;
  peers: number;
  up: number;
  done: number;
  met: number;
  current: number;
  goal: number;
}

/** All groups, by their index. */
export class Groups {
  readonly list: Group[] = [];
  /** Peers in each group but the last. */
  readonly each: number;

  constructor(private readonly peers: number) {
    this.each = Math.max(1, Math.ceil(peers / GROUPS_MAX));
  }

  /** How many groups there are, known or not. */
  get count(): number {
    return Math.ceil(this.peers / this.each);
  }

  /** Takes a group's new row. */
  take([index, peers, up, done, met, current, goal]: GroupRow): void {
    this.list[index] = { index, peers, up, done, met, current, goal };
  }

  /** The group that a peer belongs to. */
  of(peer: number): number {
    return Math.floor((peer - 1) / this.each);
  }

  /** First and last peer of a group. */
  range(index: number): [number, number] {
    return [index * this.each + 1, Math.min(this.peers, (index + 1) * this.each)];
  }

  /** Peers that are done, over all groups. */
  get done(): number {
    let sum = 0;
    for (const group of this.list) sum += group?.done ?? 0;
    return sum;
  }

  /** Peers that are up, over all groups. */
  get up(): number {
    let sum = 0;
    for (const group of this.list) sum += group?.up ?? 0;
    return sum;
  }
}

/** How far a group is, 0 to 1; -1 when it has no target yet. */
export function groupProgress(group: Group): number {
  return group.goal > 0 ? Math.min(1, group.current / group.goal) : -1;
}
