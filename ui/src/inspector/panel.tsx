// The right panel: the selected peer, or the run as a whole.

import { Fold } from "../frame/fold";
import { bench, watchRun } from "../state/bench";
import { rightFolded } from "../state/preferences";
import { adjust, selectedPeer } from "../state/route";
import { plural } from "../words/format";
import { GroupPanel } from "./group";
import { PeerPanel } from "./peer";
import { RunPanel } from "./run";

export function Inspector() {
  const of = bench.value;
  if (!of) return null;
  if (rightFolded.value) return <Fold side="right" />;
  watchRun();
  const peer = selectedPeer.value;
  return (
    <aside class="panel right" aria-label="What is selected">
      <div class="panel-head">
        <Fold side="right" />
        <strong class="panel-title" data-testid="inspector-title">
          {peer === null
            ? "Run"
            : of.aggregated
              ? `Group of peer ${peer}`
              : `Peer ${of.peers.label(peer)}`}
        </strong>
        <span class="grow" />
        {peer !== null && (
          <button
            type="button"
            class="plain"
            title="Let go (Esc)"
            onClick={() => adjust({ peer: null })}
          >
            Let go
          </button>
        )}
      </div>
      <div class="panel-body">
        {peer === null ? (
          <RunPanel bench={of} />
        ) : of.aggregated ? (
          <GroupPanel bench={of} peer={peer} />
        ) : peer <= of.peers.size ? (
          <PeerPanel bench={of} id={peer} />
        ) : (
          <p class="panel-note">
            There is no peer {peer}: this run has {plural(of.size, "peer")}.
          </p>
        )}
      </div>
    </aside>
  );
}
