// Space-time: peers as lines, messages as arrows.

import type { Bench } from "../model/run";

export function SpacetimeView({ bench }: { bench: Bench }) {
  return <p class="empty">Nothing of {bench.run.name} is drawn here.</p>;
}
