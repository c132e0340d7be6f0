// Several peers at once: those that a lasso went around. One selected peer is in the address instead.

import { signal } from "@preact/signals";

/** The peers inside the lasso, ascending; empty when nobody drew one. */
export const lassoed = signal<number[]>([]);

/** Selects these peers, in place of those before. */
export function setLasso(peers: Iterable<number>): void {
  lassoed.value = [...new Set(peers)].sort((a, b) => a - b);
}
