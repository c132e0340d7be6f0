// The targets: how far all peers are together, how far each one is, and what was sent for it.

import type { Bench } from "../model/run";
import { watchRun } from "../state/bench";
import { GroupTable } from "./groups";
import { Kinds } from "./kinds";
import { PeerTable } from "./table";
import { Totals } from "./totals";

export function TargetsView({ bench }: { bench: Bench }) {
  watchRun();
  return (
    <div class="targets">
      <div class="targets-head">
        <Totals bench={bench} />
        <Kinds bench={bench} />
      </div>
      {bench.aggregated ? <GroupTable bench={bench} /> : <PeerTable bench={bench} />}
    </div>
  );
}
