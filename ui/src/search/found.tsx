// What a search found, as a list; a click shows the event where it happened.

import { Rows } from "../frame/rows";
import { describe } from "../log/words";
import type { Bench } from "../model/run";
import { exact, plural, span, stamp } from "../words/format";
import { FOUND_MAX, findMore, lookAt, nextResult, type Result, type Search, search } from "./state";

const ROW_PX = 22;

/** How much was found, in words; nothing is left out silently. */
export function foundSentence(now: Search): string {
  if (now.error) return "The search was not understood.";
  if (now.busy && now.results.length === 0) return "Searching…";
  const many = now.results.length;
  const what = plural(many, now.pairs ? "match" : "event").replace("matchs", "matches");
  const of = plural(now.scanned, "event");
  if (many === 0) return `Nothing matches, of ${of}.`;
  return now.more ? `The first ${what} of more.` : `${what}, of ${of} searched.`;
}

export function FoundList({ bench }: { bench: Bench }) {
  const now = search.value;
  if (!now) return <p class="drawer-empty">Search for something: the box above has examples.</p>;
  const more = now.more && now.results.length < FOUND_MAX;
  return (
    <div class="drawer-list">
      <p class="drawer-words">
        <span data-testid="found-words" data-count={now.results.length} data-more={now.more}>
          {foundSentence(now)}
        </span>
        {now.at >= 0 && (
          <span class="quiet number">
            {exact(now.at + 1)} of {exact(now.results.length)}
          </span>
        )}
        <span class="grow" />
        {more && (
          <button type="button" class="plain" disabled={now.busy} onClick={() => void findMore()}>
            More
          </button>
        )}
        {now.results.length > 0 && <Steps />}
      </p>
      <Rows
        key={`${now.run} ${now.text}`}
        count={now.results.length}
        height={ROW_PX}
        label="Found"
        testid="found"
        row={(i) => (
          <Line
            key={i}
            bench={bench}
            result={now.results[i]}
            current={i === now.at}
            choose={() => lookAt(i)}
          />
        )}
      />
    </div>
  );
}

function Steps() {
  return (
    <>
      <button type="button" class="plain" title="Previous (N)" onClick={() => nextResult(-1)}>
        Previous
      </button>
      <button type="button" class="plain" title="Next (n)" onClick={() => nextResult(1)}>
        Next
      </button>
    </>
  );
}

interface LineProps {
  bench: Bench;
  result: Result | undefined;
  current: boolean;
  choose: () => void;
}

function Line({ bench, result, current, choose }: LineProps) {
  if (!result) return null;
  const [first, second] = result;
  return (
    <li>
      <button type="button" class="event-line" aria-current={current} onClick={choose}>
        <span class="number quiet">{stamp(first.t)}</span>
        <span class="number">{first.peer > 0 ? bench.peers.label(first.peer) : "net"}</span>
        <span class={`log-kind ${first.kind}`}>{first.kind}</span>
        <span class="log-text">
          {describe(first)}
          {second && (
            <span class="quiet">
              {" "}
              … {span(second.t - first.t)} later, peer {bench.peers.label(second.peer)}:{" "}
              {second.kind} {describe(second)}
            </span>
          )}
        </span>
      </button>
    </li>
  );
}
