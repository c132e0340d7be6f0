// Several peers, as a lasso selected them.

import { statusWord } from "../model/peers";
import type { Bench } from "../model/run";
import { watchRun } from "../state/bench";
import { adjust } from "../state/route";
import { exact } from "../words/format";
import { PeerHands } from "./breaking";

/** Peers named one by one, at most. */
const SHOWN = 60;

export function ManyPanel({ bench, peers }: { bench: Bench; peers: number[] }) {
  watchRun();
  const counts = new Map<string, number>();
  for (const peer of peers) {
    const word = statusWord(bench.statusOf(peer));
    counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  return (
    <div data-testid="lasso" data-count={peers.length}>
      <p>{[...counts].map(([word, many]) => `${exact(many)} ${word}`).join(", ")}</p>
      <p class="many">
        {peers.slice(0, SHOWN).map((peer) => (
          <button
            type="button"
            key={peer}
            class="row-button number"
            onClick={() => adjust({ peer })}
          >
            {bench.peers.label(peer)}
          </button>
        ))}
        {peers.length > SHOWN && <span class="quiet">and {exact(peers.length - SHOWN)} more</span>}
      </p>
      <PeerHands peers={peers} bench={bench} />
    </div>
  );
}
