// The right panel: the selected event, link, peer or peers; else the run as a whole.

import { Fold } from "../frame/fold";
import type { Bench } from "../model/run";
import { bench, watchRun } from "../state/bench";
import { rightFolded } from "../state/preferences";
import { plural } from "../words/format";
import { EventPanel } from "./event";
import { GroupPanel } from "./group";
import { LinkPanel } from "./link";
import { ManyPanel } from "./many";
import { PeerPanel } from "./peer";
import { RunPanel } from "./run";
import { letGo, type Selected, selected } from "./selected";

export function Inspector() {
  const of = bench.value;
  if (!of) return null;
  if (rightFolded.value) return <Fold side="right" />;
  watchRun();
  const what = selected();
  return (
    <aside class="panel right" aria-label="What is selected">
      <div class="panel-head">
        <Fold side="right" />
        <strong class="panel-title" data-testid="inspector-title">
          {titleOf(what, of)}
        </strong>
        <span class="grow" />
        {what.kind !== "run" && (
          <button type="button" class="plain" title="Let go (Esc)" onClick={letGo}>
            Let go
          </button>
        )}
      </div>
      <div class="panel-body" key={JSON.stringify(what)}>
        <Panel what={what} of={of} />
      </div>
    </aside>
  );
}

function titleOf(what: Selected, of: Bench): string {
  switch (what.kind) {
    case "event":
      return "Event";
    case "link":
      return `Link ${what.link.map((peer) => of.peers.label(peer)).join(" – ")}`;
    case "peer":
      return of.aggregated && !of.knows(what.peer)
        ? `Group of peer ${what.peer}`
        : `Peer ${of.peers.label(what.peer)}`;
    case "many":
      return plural(what.peers.length, "peer");
    default:
      return "Run";
  }
}

function Panel({ what, of }: { what: Selected; of: Bench }) {
  switch (what.kind) {
    case "event":
      return <EventPanel bench={of} id={what.event} />;
    case "link":
      return <LinkPanel bench={of} link={what.link} />;
    case "many":
      return <ManyPanel bench={of} peers={what.peers} />;
    case "peer":
      if (of.knows(what.peer)) return <PeerPanel bench={of} id={what.peer} />;
      if (of.aggregated && what.peer <= of.size) return <GroupPanel bench={of} peer={what.peer} />;
      return (
        <p class="panel-note">
          There is no peer {what.peer}: this run has {plural(of.size, "peer")}.
        </p>
      );
    default:
      return <RunPanel bench={of} />;
  }
}
