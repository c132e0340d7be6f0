// Who sent how much to whom: directed links, one for each pair of peers and community.

import type { EdgeRow } from "../api/types";

/** Links that the page keeps; those beyond are counted as hidden. */
export const EDGES_MAX = 150_000;

/** Numbers that peers who join unannounced may have. */
const GROWTH_MAX = 0xffff;

/** One kind of message on one link. */
export interface EdgeKind {
  kind: number;
  count: number;
  bytes: number;
  lost: number;
}

/** A directed link. */
export interface Edge {
  from: number;
  to: number;
  community: number;
  count: number;
  bytes: number;
  lost: number;
  /** Run time of its latest message, seconds. */
  last: number;
  kinds: EdgeKind[];
}

/** All links seen. */
export class Edges {
  readonly list: Edge[] = [];
  /** Links that the lab or the page left out. */
  hidden = 0;
  private refused = 0;
  private readonly byPair = new Map<number, Edge>();
  private readonly span: number;

  constructor(peers: number) {
    // Runs of reporting programs begin without peers and grow.
    this.span = Math.max(peers, GROWTH_MAX) + 1;
  }

  private key(from: number, to: number, community: number): number {
    return (community * this.span + from) * this.span + to;
  }

  /** The link between two peers in a community. */
  get(from: number, to: number, community: number): Edge | undefined {
    return this.byPair.get(this.key(from, to, community));
  }

  /**
   * Adds what a frame of this time says of one kind on one link; undefined when there is no room for it.
   * A row that does not say when the latest message passed is as new as its frame.
   */
  take(row: EdgeRow, t: number): Edge | undefined {
    const [from, to, kind, community, count, bytes, lost, last_us] = row;
    const last = last_us === undefined ? t : last_us / 1e6;
    const key = this.key(from, to, community);
    let edge = this.byPair.get(key);
    if (!edge) {
      if (this.list.length >= EDGES_MAX) {
        this.refused += 1;
        return undefined;
      }
      edge = { from, to, community, count: 0, bytes: 0, lost: 0, last, kinds: [] };
      this.byPair.set(key, edge);
      this.list.push(edge);
    }
    edge.count += count;
    edge.bytes += bytes;
    edge.lost += lost;
    edge.last = Math.max(edge.last, last);
    let cell = edge.kinds.find((k) => k.kind === kind);
    if (!cell) {
      cell = { kind, count: 0, bytes: 0, lost: 0 };
      edge.kinds.push(cell);
    }
    cell.count += count;
    cell.bytes += bytes;
    cell.lost += lost;
    return edge;
  }

  /** Notes how many links the lab itself has left out. */
  setHidden(byLab: number): void {
    this.hidden = byLab + this.refused;
  }
}
