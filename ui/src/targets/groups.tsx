// Groups of peers in rows, when there are too many peers for a row each.

import { Rows } from "../frame/rows";
import { groupProgress } from "../model/groups";
import type { Bench } from "../model/run";
import { watchRun } from "../state/bench";
import { exact } from "../words/format";
import { Bar } from "./bar";

const ROW_PX = 28;

export function GroupTable({ bench }: { bench: Bench }) {
  watchRun();
  const { groups } = bench;
  return (
    <div class="table" style={{ "--targets": 1 }}>
      <div class="table-head">
        <span>Peers</span>
        <span>Status</span>
        <span>{bench.targets.join(", ")}</span>
      </div>
      <Rows
        count={groups.list.length}
        height={ROW_PX}
        label="Groups of peers"
        testid="group-rows"
        row={(i) => {
          const group = groups.list[i];
          const [first, last] = groups.range(i);
          if (!group) return null;
          return (
            <li class="table-row" key={i}>
              <span class="number">
                {exact(first)}–{exact(last)}
              </span>
              <span class="number">
                {exact(group.up)} up · {exact(group.done)} done
              </span>
              <span class="bar-cell">
                <Bar share={groupProgress(group)} label={`Peers ${first} to ${last}`} />
                <span class="number">
                  {exact(group.met)} of {exact(group.peers)}
                </span>
              </span>
            </li>
          );
        }}
      />
    </div>
  );
}
