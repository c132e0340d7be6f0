// Finds the disc under the pointer among ten thousand without a look at each: a grid of buckets.

import type { Placed } from "./talk";

/** Discs by the bucket that they are in. */
export class Places {
  private readonly starts: Uint32Array;
  private readonly order: Uint32Array;
  private readonly side: number;
  private readonly columns: number;
  private readonly rows: number;
  private readonly left: number;
  private readonly top: number;

  constructor(readonly placed: Placed) {
    const { places } = placed;
    const count = places.length / 2;
    let [left, right, top, bottom] = [Infinity, -Infinity, Infinity, -Infinity];
    for (let i = 0; i < places.length; i += 2) {
      left = Math.min(left, places[i] ?? 0);
      right = Math.max(right, places[i] ?? 0);
      top = Math.min(top, places[i + 1] ?? 0);
      bottom = Math.max(bottom, places[i + 1] ?? 0);
    }
    const [wide, high] = count > 0 ? [right - left, bottom - top] : [0, 0];
    // About one disc a bucket.
    this.side = Math.max(Math.sqrt((wide * high) / Math.max(1, count)), Math.max(wide, high) / 512);
    this.side = this.side > 0 ? this.side : 1;
    this.left = count > 0 ? left : 0;
    this.top = count > 0 ? top : 0;
    this.columns = Math.floor(wide / this.side) + 1;
    this.rows = Math.floor(high / this.side) + 1;
    this.starts = new Uint32Array(this.columns * this.rows + 1);
    this.order = this.sort(count);
  }

  private sort(count: number): Uint32Array {
    const { starts } = this;
    const buckets = new Uint32Array(count);
    for (let i = 0; i < count; i++) {
      const { places } = this.placed;
      const bucket =
        this.row(places[2 * i + 1] ?? 0) * this.columns + this.column(places[2 * i] ?? 0);
      buckets[i] = bucket;
      starts[bucket + 1] = (starts[bucket + 1] ?? 0) + 1;
    }
    for (let b = 1; b < starts.length; b++) starts[b] = (starts[b] ?? 0) + (starts[b - 1] ?? 0);
    const next = starts.slice();
    const order = new Uint32Array(count);
    for (let i = 0; i < count; i++) {
      const bucket = buckets[i] ?? 0;
      order[next[bucket] ?? 0] = i;
      next[bucket] = (next[bucket] ?? 0) + 1;
    }
    return order;
  }

  private column(x: number): number {
    return Math.min(this.columns - 1, Math.max(0, Math.floor((x - this.left) / this.side)));
  }

  private row(y: number): number {
    return Math.min(this.rows - 1, Math.max(0, Math.floor((y - this.top) / this.side)));
  }

  /** Calls `found` for all discs in the buckets within `reach` of a point, and maybe some more. */
  near([x, y]: [number, number], reach: number, found: (index: number) => void): void {
    for (let row = this.row(y - reach); row <= this.row(y + reach); row++) {
      const first = row * this.columns;
      const from = this.starts[first + this.column(x - reach)] ?? 0;
      const to = this.starts[first + this.column(x + reach) + 1] ?? 0;
      for (let at = from; at < to; at++) found(this.order[at] ?? 0);
    }
  }
}

/** The disc whose middle is nearest to a point within its own reach; single peers before groups. */
export function nearest(
  places: Places,
  point: [number, number],
  reachOf: (index: number) => number,
): number {
  const { placed } = places;
  const { units } = placed;
  let reach = 0;
  // Groups, which may be large, come first, then peers, which are all of one size.
  const firstPeer = units.findIndex((unit) => unit > 0);
  const groups = firstPeer < 0 ? units.length : firstPeer;
  for (let i = 0; i < groups; i++) reach = Math.max(reach, reachOf(i));
  if (firstPeer >= 0) reach = Math.max(reach, reachOf(firstPeer));
  let [found, best] = [-1, Infinity];
  places.near(point, reach, (i) => {
    const dx = (placed.places[2 * i] ?? 0) - point[0];
    const dy = (placed.places[2 * i + 1] ?? 0) - point[1];
    const d = Math.hypot(dx, dy);
    const isGroup = (units[i] ?? 0) < 0;
    const rank = isGroup ? d + 1e6 : d;
    if (d > reachOf(i) || rank >= best) return;
    best = rank;
    found = i;
  });
  return found;
}
