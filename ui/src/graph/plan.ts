// Keeps a run's plan fresh: what is done by hand becomes a part of it while the run goes on.

import { lab } from "../api/client";
import type { Bench } from "../model/run";

/** After a fault, the plan is read again so much later: several may come together. */
const READ_AFTER_MS = 300;

/** Reads the plan again whenever a fault has happened, until the returned function is called. */
export function followPlan(bench: Bench): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const read = async () => {
    const run = await lab.run(bench.run.id).catch(() => null);
    if (run && JSON.stringify(run.plan) !== JSON.stringify(bench.run.plan))
      bench.run.plan = run.plan;
  };
  const unlisten = bench.listen((_, word) => {
    const isFault = word.type === "frame" && word.log?.some((line) => line.kind === "fault");
    if (!isFault || bench.run.state === "ended") return;
    clearTimeout(timer);
    timer = setTimeout(() => void read(), READ_AFTER_MS);
  });
  return () => {
    unlisten();
    clearTimeout(timer);
  };
}
