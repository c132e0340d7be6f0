// Metrics: rates, latencies and progress over the run.

import type { Bench } from "../model/run";

export function MetricsView({ bench }: { bench: Bench }) {
  return <p class="empty">Nothing of {bench.run.name} is drawn here.</p>;
}
