// What one picture shows: peers, groups of peers, or both; and how each of them looks now.

import type { Grouping } from "../../model/grouping";
import { type Group, groupProgress } from "../../model/groups";
import { type Peers, progressOf, Status } from "../../model/peers";
import type { Bench } from "../../model/run";
import { exact } from "../../words/format";
import { type GroupCard, groupOfUnit, type Unit, unitOfGroup } from "../talk";

/** How a disc looks. */
export interface Look {
  status: number;
  /** 0 to 1, or -1 without a target. */
  progress: number;
  done: boolean;
}

/** A group's disc is so much larger than a peer's: its area grows with the root of its peers. */
const GROUP_SIZE_MAX = 5;

/** The discs of one picture, in the order of drawing. */
export class Scene {
  readonly units: Int32Array;
  /** How many times larger than a peer's disc each is; null when all are peers. */
  readonly sizes: Float32Array | null;
  /** Where each disc is: x, y, x, y, ... */
  places: Float32Array;
  /** The peers as they were before a jump in time that is still being told. */
  before: Peers | null = null;
  private readonly indexByPeer: Int32Array;
  private tallies: Group[] = [];

  constructor(
    readonly bench: Bench,
    units: Int32Array,
    /** The groups of a picture that gathers peers. */
    readonly grouping: Grouping | null,
  ) {
    this.units = units;
    this.places = new Float32Array(2 * units.length);
    this.indexByPeer = this.index();
    this.sizes = grouping && !bench.aggregated ? this.measure() : null;
    this.tally();
  }

  private index(): Int32Array {
    const { bench, grouping } = this;
    const indexOfGroup = new Map<number, number>();
    const size = bench.aggregated ? Math.max(0, ...this.units) : bench.peers.size;
    const out = new Int32Array(size + 1).fill(-1);
    this.units.forEach((unit, i) => {
      if (unit > 0) out[unit] = i;
      else indexOfGroup.set(groupOfUnit(unit), i);
    });
    if (grouping)
      for (let peer = 1; peer <= size; peer++)
        if (out[peer] === -1) out[peer] = indexOfGroup.get(grouping.of[peer] ?? -1) ?? -1;
    return out;
  }

  private measure(): Float32Array {
    return Float32Array.from(this.units, (unit) => {
      const peers = unit < 0 ? (this.grouping?.counts[groupOfUnit(unit)] ?? 1) : 1;
      return unit < 0 ? Math.min(GROUP_SIZE_MAX, 1.4 + 0.35 * peers ** 0.4) : 1;
    });
  }

  get count(): number {
    return this.units.length;
  }

  /** The disc that a link to a peer ends at; -1 when the peer is not in this picture. */
  indexOf(peer: number): number {
    if (this.bench.aggregated) return this.bench.groups.of(peer);
    return this.indexByPeer[peer] ?? -1;
  }

  /** The disc of a unit; -1 when it is not shown. */
  indexOfUnit(unit: Unit): number {
    if (unit > 0) {
      const index = this.indexByPeer[unit] ?? -1;
      return this.units[index] === unit ? index : -1;
    }
    return this.units.indexOf(unit);
  }

  /** Counts what the peers of each closed group have reached. */
  tally(): void {
    const { bench, grouping } = this;
    if (!grouping || bench.aggregated) return;
    this.tallies = grouping.counts.map((peers, index) => {
      return { index, peers, up: 0, done: 0, met: 0, current: 0, goal: 0 };
    });
    const { peers } = bench;
    for (let peer = 1; peer <= peers.size; peer++) {
      const group = this.tallies[grouping.of[peer] ?? -1];
      if (!group) continue;
      const progress = peers.progress[peer] ?? -1;
      if (peers.status[peer] === Status.Up) group.up += 1;
      if (peers.done[peer] === 1) group.done += 1;
      if (progress < 0) continue;
      group.current += progress;
      group.goal += 1;
    }
  }

  /** What is known of a group's unit. */
  group(unit: Unit): Group | undefined {
    const group = groupOfUnit(unit);
    return this.bench.aggregated ? this.bench.groups.list[group] : this.tallies[group];
  }

  /** How a disc looks now. */
  look(index: number): Look {
    const unit = this.units[index] ?? 0;
    if (unit < 0) return lookOfGroup(this.group(unit));
    const { peers, members, aggregated } = this.bench;
    if (aggregated) {
      const row = members.get(unit);
      if (!row) return { status: Status.Waiting, progress: -1, done: false };
      return { status: row[1], progress: progressOf(row[3]), done: row[2] === 1 };
    }
    const of = (this.isUntold(unit) && this.before) || peers;
    return {
      status: of.status[unit] ?? 0,
      progress: of.progress[unit] ?? -1,
      done: of.done[unit] === 1,
    };
  }

  /** Is a jump in time being told, and not yet what it means for this peer? Then it looks as before, but faint. */
  isUntold(unit: Unit): boolean {
    if (!this.before || unit < 0) return false;
    const { peers } = this.bench;
    return peers.status[unit] === Status.Waiting && (peers.progress[unit] ?? -1) < 0;
  }

  /** What is written inside a disc. */
  short(index: number): string {
    const unit = this.units[index] ?? 0;
    if (unit > 0) return this.bench.peers.label(unit);
    return exact(this.group(unit)?.peers ?? 0);
  }

  /** What is written beside a disc: "messages: 10/50". */
  caption(index: number): string {
    const unit = this.units[index] ?? 0;
    if (unit < 0) return this.name(unit);
    const { targets, peers } = this.bench;
    return peers
      .targets(unit)
      .map(([target, current, goal]) => `${targets[target] ?? ""}: ${current}/${goal}`)
      .join(", ");
  }

  private name(unit: Unit): string {
    const name = this.grouping?.names[groupOfUnit(unit)];
    if (name !== undefined) return name;
    const [first, last] = this.bench.groups.range(groupOfUnit(unit));
    return `${exact(first)} to ${exact(last)}`;
  }

  /** The groups among the units. */
  cards(): GroupCard[] {
    const out: GroupCard[] = [];
    for (const unit of this.units) {
      if (unit > 0) continue;
      const group = this.group(unit);
      const [peers, done] = [group?.peers ?? 0, group?.done ?? 0];
      out.push({ group: groupOfUnit(unit), name: this.name(unit), peers, done });
    }
    return out;
  }
}

function lookOfGroup(group: Group | undefined): Look {
  if (!group) return { status: Status.Waiting, progress: -1, done: false };
  return {
    status: group.up > 0 ? Status.Up : group.done > 0 ? Status.Stopped : Status.Waiting,
    progress: groupProgress(group),
    done: group.peers > 0 && group.done >= group.peers,
  };
}

/** What belongs into a picture now. A group of one peer, and an opened group, are their peers. */
export function unitsOf(
  bench: Bench,
  community: number | null,
  grouping: Grouping | null,
  opened: readonly number[],
): Int32Array {
  if (bench.aggregated) {
    const members = [...bench.members.keys()].sort((a, b) => a - b);
    const groups = Array.from({ length: bench.groups.count }, (_, group) => unitOfGroup(group));
    return Int32Array.from([...groups, ...members]);
  }
  const open = new Set(opened);
  const closed = new Set<number>();
  const peers: number[] = [];
  for (let id = 1; id <= bench.peers.size; id++) {
    if (community !== null && !bench.peers.communities(id).includes(community)) continue;
    const group = grouping?.of[id] ?? -1;
    const gathers = group >= 0 && (grouping?.counts[group] ?? 0) > 1 && !open.has(group);
    if (gathers) closed.add(group);
    else peers.push(id);
  }
  return Int32Array.from([...[...closed].sort((a, b) => a - b).map(unitOfGroup), ...peers]);
}
