// What peers measure of themselves: the latest value of each name, at the moment that is looked at.

import type { GaugeRow } from "../api/types";

const NONE: ReadonlyMap<string, number> = new Map();

/** The latest measured values, by peer and name. */
export class Gauges {
  /** Values that the lab does not follow, because there are too many of them. */
  leftOut = 0;
  private readonly values = new Map<number, Map<string, number>>();
  /** Who has ever measured what, at any moment: a page that goes back keeps its rows. */
  private readonly ever = new Map<number, Set<string>>();

  /** Takes rows of changed values; one without a value is of a peer that booted anew. */
  take(rows: readonly GaugeRow[], names: readonly string[]): void {
    for (const [peer, index, value] of rows) {
      const name = names[index];
      if (name === undefined) continue;
      if (value === null) this.values.get(peer)?.delete(name);
      else entry(this.values, peer, () => new Map<string, number>()).set(name, value);
      entry(this.ever, peer, () => new Set<string>()).add(name);
    }
  }

  /** What is told from now on is of another moment, and will be told in full. */
  forget(): void {
    this.values.clear();
    this.leftOut = 0;
  }

  /** What a peer has measured last, by name. */
  of(peer: number): ReadonlyMap<string, number> {
    return this.values.get(peer) ?? NONE;
  }

  /** The peers that have ever measured something, ascending, and what. */
  sources(): [peer: number, names: ReadonlySet<string>][] {
    return [...this.ever].sort(([a], [b]) => a - b);
  }
}

function entry<V>(map: Map<number, V>, key: number, make: () => V): V {
  const known = map.get(key);
  if (known !== undefined) return known;
  const fresh = make();
  map.set(key, fresh);
  return fresh;
}
