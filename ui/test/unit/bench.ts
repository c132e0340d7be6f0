// A run on the bench for tests: peers, and links given as [from, to, kind, run time].

import type { Run } from "../../src/api/types";
import { Bench } from "../../src/model/run";

export function benchOf(peers: number, links: [number, number, number, number][]): Bench {
  const run: Run = {
    ...{ id: "r1", name: "r1", experiment: "flood", title: "Flood", mode: "sim", seed: 1, peers },
    ...{ state: "running", outcome: null, started: "", events: 0, live: true },
    ...{ virtual_seconds: 0, wall_seconds: 0, targets: {}, digest: null, folder: null, pids: [] },
    ...{ messages: { sent: 0, delivered: 0, dropped: 0, bytes: 0 }, error: null },
  };
  const bench = new Bench(run);
  const names = { communities: ["flood"], kinds: ["rumor", "digest"], targets: ["messages"] };
  bench.take({ type: "hello", run, peers, aggregated: false, ...names });
  for (const [from, to, kind, t] of links)
    bench.take({ type: "frame", t, edges: [[from, to, kind, 0, 1, 96, 0]] });
  return bench;
}
