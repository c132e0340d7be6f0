// Statecharts: peers that tell their states, drawn as charts.

import type { Bench } from "../model/run";

export function StatesView({ bench }: { bench: Bench }) {
  return <p class="empty">Nothing of {bench.run.name} is drawn here.</p>;
}
