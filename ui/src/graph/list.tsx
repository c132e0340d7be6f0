// The peers in words, for those who hear the page and for tests: the same as the picture says.

import { useEffect, useState } from "preact/hooks";
import { statusWord } from "../model/peers";
import type { Bench } from "../model/run";
import { watchRun } from "../state/bench";

/** With more peers, the table of targets is the place to read them. */
const LIST_MAX = 200;
/** Lists longer than this are refreshed once a second only. */
const EAGER_MAX = 60;

export function PeerList({ bench }: { bench: Bench }) {
  const { size } = bench.peers;
  if (size > EAGER_MAX) return <SlowList bench={bench} />;
  watchRun();
  return <List bench={bench} />;
}

function SlowList({ bench }: { bench: Bench }) {
  const [, again] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => again((n) => n + 1), 1000);
    return () => clearInterval(timer);
  }, []);
  return <List bench={bench} />;
}

function List({ bench }: { bench: Bench }) {
  const shown = Math.min(bench.peers.size, LIST_MAX);
  return (
    <ul class="unseen" aria-label="Peers" data-testid="peers">
      {Array.from({ length: shown }, (_, i) => i + 1).map((id) => (
        <li
          key={id}
          data-testid={`peer-${id}`}
          data-status={statusWord(bench.peers.status[id] ?? 0)}
        >
          {bench.caption(id)}, {statusWord(bench.peers.status[id] ?? 0)}
          {bench.peers.done[id] === 1 ? ", done" : ""}
        </li>
      ))}
    </ul>
  );
}
