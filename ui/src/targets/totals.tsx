// Each target over all peers: how many have met it, and how much of it there is.

import type { Bench } from "../model/run";
import { watchRun } from "../state/bench";
import { exact, percent } from "../words/format";
import { Bar } from "./bar";

export function Totals({ bench }: { bench: Bench }) {
  watchRun();
  const names = Object.keys(bench.run.targets);
  if (names.length === 0)
    return (
      <p class="quiet">
        No peer has reported a target yet. A protocol reports one with cx.progress.
      </p>
    );
  const sums = sumsOf(bench);
  return (
    <ul class="totals" aria-label="Targets">
      {names.map((name) => (
        <Total key={name} name={name} bench={bench} sum={sums.get(name)} />
      ))}
    </ul>
  );
}

interface Sum {
  current: number;
  goal: number;
}

function Total({ name, bench, sum }: { name: string; bench: Bench; sum: Sum | undefined }) {
  const { met, peers } = bench.run.targets[name] ?? { met: 0, peers: 0 };
  const share = sum && sum.goal > 0 ? sum.current / sum.goal : met / Math.max(1, peers);
  return (
    <li class="total" data-testid={`target-row-${name}`} data-met={met} data-peers={peers}>
      <div class="total-words">
        <strong>{name}</strong>
        <span class="number">
          {exact(met)} of {exact(peers)} peers have all
        </span>
        {sum && (
          <span class="number quiet">
            {exact(sum.current)} of {exact(sum.goal)}
          </span>
        )}
        <span class="number total-share">{percent(share)}</span>
      </div>
      <Bar share={share} label={name} />
    </li>
  );
}

function sumsOf(bench: Bench): Map<string, Sum> {
  const sums = new Map<string, Sum>();
  const add = (name: string | undefined, current: number, goal: number) => {
    if (name === undefined) return;
    const sum = sums.get(name) ?? { current: 0, goal: 0 };
    sum.current += Math.min(current, goal);
    sum.goal += goal;
    sums.set(name, sum);
  };
  if (bench.aggregated) {
    // Groups carry one sum for all targets together: only with a single one is it that one's.
    if (bench.targets.length === 1)
      for (const group of bench.groups.list)
        if (group) add(bench.targets[0], group.current, group.goal);
    return sums;
  }
  for (let id = 1; id <= bench.peers.size; id++)
    for (const [target, current, goal] of bench.peers.targets(id))
      add(bench.targets[target], current, goal);
  return sums;
}
