// A selected peer: its targets, what can be done to it, what it holds, and with whom it speaks.

import { statusWord } from "../model/peers";
import type { Bench } from "../model/run";
import { watchRun } from "../state/bench";
import { Bar } from "../targets/bar";
import { exact } from "../words/format";
import { PeerHands } from "./breaking";
import { Partners } from "./exchange";
import { Latest } from "./latest";
import { partners } from "./partners";
import { StateSection } from "./state";

export function PeerPanel({ bench, id }: { bench: Bench; id: number }) {
  watchRun();
  const { peers } = bench;
  const member = bench.members.get(id);
  const status = statusWord(bench.statusOf(id));
  const done = (member?.[2] ?? peers.done[id]) === 1;
  const targets = member?.[3] ?? peers.targets(id);
  const pid = peers.pid[id] ?? 0;
  const communities = (member?.[4] ?? peers.communities(id)).map((c) => bench.communities[c] ?? "");
  const { to, from } = partners(bench.edges.list, id);
  return (
    <div data-testid="inspector" data-status={status}>
      <p class={`status ${status}`}>
        {status}
        {done ? " · done" : ""}
        {pid > 0 && <span class="quiet number"> · process {pid}</span>}
      </p>
      {targets.map(([target, current, goal]) => (
        <div class="gauge" key={target}>
          <span>{bench.targets[target]}</span>
          <span class="number">
            {exact(current)}/{exact(goal)}
          </span>
          <Bar share={goal > 0 ? current / goal : 1} label={bench.targets[target] ?? ""} />
        </div>
      ))}
      <PeerHands peers={[id]} bench={bench} />
      {communities.length > 0 && (
        <dl class="facts">
          <dt>{communities.length === 1 ? "community" : "communities"}</dt>
          <dd>{communities.join(", ")}</dd>
        </dl>
      )}
      <StateSection bench={bench} id={id} />
      <Partners title="Sent to" list={to} bench={bench} link={(peer) => [id, peer]} />
      <Partners title="Heard from" list={from} bench={bench} link={(peer) => [peer, id]} />
      <Latest bench={bench} peer={id} />
    </div>
  );
}
