// What happened last at a peer or on a link, up to the cursor.

import { useEffect, useState } from "preact/hooks";
import { lab } from "../api/client";
import type { LogLine } from "../api/types";
import { describe } from "../log/words";
import type { Bench } from "../model/run";
import { watchRun } from "../state/bench";
import { cursor, inPast } from "../state/cursor";
import { adjust } from "../state/route";
import { span } from "../words/format";

const LINES = 14;
const ASK_AFTER_MS = 120;
const AGAIN_MS = 1000;

interface Props {
  bench: Bench;
  /** The peer whose lines are shown. */
  peer: number;
  /** Only those that are also about this peer. */
  other?: number;
}

export function Latest({ bench, peer, other }: Props) {
  watchRun();
  const [lines, setLines] = useState<LogLine[]>([]);
  const run = bench.run.id;
  const at = inPast.value ? cursor.value?.event : null;
  const rests = bench.present.state === "ended" || inPast.value;
  useEffect(() => {
    const stop = new AbortController();
    const about = (line: LogLine) =>
      (line.peer === peer || line.other === peer) &&
      (other === undefined || line.peer === other || line.other === other);
    const limit = other === undefined ? LINES : 20 * LINES;
    const before = at ? { before: at.id } : {};
    const ask = () =>
      lab
        .log(run, { peer: String(peer), limit, ...before }, stop.signal)
        .then((page) => {
          const found = page.events.filter(about);
          // "Before" leaves out the event at the cursor itself.
          const all = at && about(at) ? [...found, at] : found;
          setLines(all.slice(-LINES));
        })
        // The header says when the lab is gone; what is here stays.
        .catch(() => undefined);
    const first = setTimeout(() => void ask(), rests ? ASK_AFTER_MS : 0);
    const timer = rests ? undefined : setInterval(ask, AGAIN_MS);
    return () => {
      stop.abort();
      clearTimeout(first);
      clearInterval(timer);
    };
  }, [run, peer, other, rests, at?.id]);
  if (lines.length === 0) return null;
  return (
    <section class="latest">
      <h3>
        Latest
        <button type="button" class="plain" onClick={() => adjust({ view: "log" })}>
          Log
        </button>
      </h3>
      <ul>
        {[...lines].reverse().map((event) => (
          <li key={event.id}>
            <button
              type="button"
              class="latest-line"
              title={`${describe(event)} ${event.text}`}
              onClick={() => adjust({ event: event.id })}
            >
              <span class="number quiet">{span(event.t)}</span>
              <span class={`log-kind ${event.kind}`}>{event.kind}</span>
              <span class="log-text">{describe(event)}</span>
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
