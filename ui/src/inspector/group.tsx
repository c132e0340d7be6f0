// A selected group of peers, when there are too many for one disc each.

import { groupProgress } from "../model/groups";
import type { Bench } from "../model/run";
import { watchRun } from "../state/bench";
import { Bar } from "../targets/bar";
import { exact } from "../words/format";
import { PeerHands } from "./breaking";
import { StateSection } from "./state";

export function GroupPanel({ bench, peer }: { bench: Bench; peer: number }) {
  watchRun();
  const index = bench.groups.of(peer);
  const group = bench.groups.list[index];
  const [first, last] = bench.groups.range(index);
  if (!group) return <p class="panel-note">Nothing is known of this group yet.</p>;
  return (
    <>
      <p>
        Peers {exact(first)} to {exact(last)}
      </p>
      <Bar share={groupProgress(group)} label="Targets of this group" />
      <dl class="facts">
        <dt>peers</dt>
        <dd class="number">{exact(group.peers)}</dd>
        <dt>up</dt>
        <dd class="number">{exact(group.up)}</dd>
        <dt>done</dt>
        <dd class="number">{exact(group.done)}</dd>
        <dt>targets met</dt>
        <dd class="number">{exact(group.met)}</dd>
        <dt>in all</dt>
        <dd class="number">
          {exact(group.current)}/{exact(group.goal)}
        </dd>
      </dl>
      <PeerHands peers={[peer]} bench={bench} />
      <StateSection bench={bench} id={peer} />
    </>
  );
}
