// What one picture shows: the peers of one community, or groups of peers, with their places.

import { groupProgress } from "../model/groups";
import { Status } from "../model/peers";
import type { Bench } from "../model/run";
import { exact, plural } from "../words/format";
import { circle, grid } from "./layout";

/** How a disc looks. */
export interface Look {
  status: number;
  /** 0 to 1, or -1 without a target. */
  progress: number;
  done: boolean;
}

/** The discs of one picture. Index = order of drawing; id = number of the peer or group + 1. */
export class Scene {
  readonly ids: Uint32Array;
  /** Where each disc is: x, y, x, y, ... */
  places: Float32Array;
  private readonly indexById: Int32Array;

  constructor(
    readonly bench: Bench,
    readonly community: number | null,
    ids: Uint32Array = members(bench, community),
  ) {
    this.ids = ids;
    this.indexById = new Int32Array((this.ids.at(-1) ?? 0) + 1).fill(-1);
    this.ids.forEach((id, index) => {
      this.indexById[id] = index;
    });
    this.places = this.start();
  }

  /** The places before any force. */
  start(): Float32Array {
    return this.bench.aggregated ? grid(this.ids.length) : circle(this.ids.length);
  }

  /** The ids that belong here now, when they are others than those shown. */
  fresh(): Uint32Array | null {
    const all = this.community === null && !this.bench.aggregated;
    if (all && this.ids.length === this.bench.peers.size) return null;
    const ids = members(this.bench, this.community);
    const same = ids.length === this.ids.length && ids.every((id, i) => id === this.ids[i]);
    return same ? null : ids;
  }

  get count(): number {
    return this.ids.length;
  }

  /** The disc that stands for a peer; -1 when it is not in this picture. */
  indexOf(peer: number): number {
    const id = this.bench.aggregated ? this.bench.groups.of(peer) + 1 : peer;
    return this.indexById[id] ?? -1;
  }

  /** How a disc looks now. */
  look(index: number): Look {
    const id = this.ids[index] ?? 0;
    if (this.bench.aggregated) {
      const group = this.bench.groups.list[id - 1];
      if (!group) return { status: Status.Waiting, progress: -1, done: false };
      return {
        status: group.up > 0 ? Status.Up : group.done > 0 ? Status.Stopped : Status.Waiting,
        progress: groupProgress(group),
        done: group.done >= group.peers,
      };
    }
    const { peers } = this.bench;
    return {
      status: peers.status[id] ?? 0,
      progress: peers.progress[id] ?? -1,
      done: peers.done[id] === 1,
    };
  }

  /** What is written inside a disc. */
  short(index: number): string {
    const id = this.ids[index] ?? 0;
    return this.bench.aggregated ? "" : this.bench.peers.label(id);
  }

  /** What is written beside a disc: "messages: 10/50". */
  caption(index: number): string {
    const id = this.ids[index] ?? 0;
    if (this.bench.aggregated) {
      const group = this.bench.groups.list[id - 1];
      return group ? `${exact(group.done)} of ${exact(group.peers)} done` : "";
    }
    return this.bench.peers
      .targets(id)
      .map(([target, current, goal]) => `${this.bench.targets[target] ?? ""}: ${current}/${goal}`)
      .join(", ");
  }

  /** The heading of a disc's tooltip. */
  title(index: number): string {
    const id = this.ids[index] ?? 0;
    if (!this.bench.aggregated) return `Peer ${this.bench.peers.label(id)}`;
    const [first, last] = this.bench.groups.range(id - 1);
    return `Peers ${exact(first)} to ${exact(last)} (${plural(last - first + 1, "peer")})`;
  }
}

/** The ids that belong into a community's picture; all of them for no community. */
export function members(bench: Bench, community: number | null): Uint32Array {
  if (bench.aggregated) return Uint32Array.from(bench.groups.list.map((_, index) => index + 1));
  const ids: number[] = [];
  for (let id = 1; id <= bench.peers.size; id++)
    if (community === null || bench.peers.communities(id).includes(community)) ids.push(id);
  return Uint32Array.from(ids);
}
