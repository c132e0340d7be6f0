// A store of real servers: who holds which updates, what each replica does in a second, and whether it answers.

import { useEffect, useRef, useState } from "preact/hooks";
import { gapOf } from "../replicas/model";
import { Legend } from "../replicas/view";
import { gapSentence } from "../replicas/words";
import { format } from "../state/route";
import { storeName, stores } from "../state/stores";
import { type Followed, useStore } from "./following";
import { type StoreNow, type StoreRow, spanOf } from "./model";
import { Progress } from "./progress";
import { Traffic } from "./traffic";
import { changeWords, lengthWords, unknownSentence } from "./words";

export function StoreView({ address }: { address: string }) {
  const { look, ...followed } = useStore(address);
  const { now, answers, wrong } = followed;
  if (wrong) return <p class="empty">{wrong}</p>;
  return (
    <div class="store" data-testid="store" data-address={address} data-answers={String(answers)}>
      <Head address={address} />
      <Changes now={now} answers={answers} />
      {answers === false && <Away address={address} of={followed} />}
      {now ? (
        <section
          class="replicas-stage"
          data-testid="store-stage"
          aria-label="Replicas of the store"
          data-stale={answers === false}
          // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard
          tabIndex={0}
        >
          <HowFar address={address} now={now} />
          <Progress address={address} now={now} look={look} live={answers === true} />
          <h2>
            What they do <span class="quiet">in the last {lengthWords(spanOf(now))}</span>
          </h2>
          <Traffic address={address} now={now} look={look} live={answers === true} />
        </section>
      ) : (
        answers !== false && <p class="empty">Asking the store how far it is…</p>
      )}
    </div>
  );
}

function Head({ address }: { address: string }) {
  const listed = stores.value?.find((store) => store.front_ends.includes(address));
  // A store that has gone keeps its name.
  const last = useRef(listed);
  last.current = listed ?? last.current;
  const known = last.current;
  const others = known?.front_ends.filter((other) => other !== address) ?? [];
  return (
    <header class="store-head">
      <h1>{known?.folder ? storeName(known) : `Store ${address}`}</h1>
      <ul class="store-facts quiet number" aria-label="Where it is">
        {known?.folder && <li>front end {address}</li>}
        {others.length > 0 && (
          <li>
            also through{" "}
            {others.map((other, i) => (
              <span key={other}>
                {i > 0 && ", "}
                <a href={format({ at: "store", address: other })}>{other}</a>
              </span>
            ))}
          </li>
        )}
        {listed?.pid != null && <li>process {listed.pid}</li>}
        {known?.folder && (
          <li class="store-folder" title={`Kept in ${known.folder}`}>
            <bdi>{known.folder}</bdi>
          </li>
        )}
      </ul>
    </header>
  );
}

/** The sentence over the bars, and what they mean. */
function HowFar({ address, now }: { address: string; now: StoreNow }) {
  const members = now.rows.filter(({ member }) => member);
  const known = members.filter(({ silent }) => !silent);
  const gap = gapOf({ lines: now.lines, rows: known });
  const words = gapSentence(gap, known.length, String);
  return (
    <div class="store-words">
      <p class="number" data-testid="store-words">
        {words.charAt(0).toUpperCase() + words.slice(1)} {unknownSentence(members)}
        {gap.all === 0 && (
          <>
            <span class="quiet">Give it one:</span>{" "}
            <code>
              curl -X PUT http://{address}/v1/keys/fruit -d {`'{"value": "apple"}'`}
            </code>
          </>
        )}
      </p>
      <Legend />
    </div>
  );
}

/** Calm: the store is away, and the page waits for it. */
function Away({ address, of }: { address: string; of: Followed }) {
  const { now, why, since } = of;
  const known = now !== null;
  const lasts =
    since === null || performance.now() - since < 1000
      ? ""
      : ` for ${lengthWords(performance.now() - since)}`;
  return (
    <div class={known ? "store-away" : "store-away alone"} data-testid="store-away">
      <p>
        <strong>{known ? "The store does not answer" : `No store answers at ${address}`}</strong>
        {known && <span class="number">{lasts}</span>}
      </p>
      <p class="quiet">
        {why && `${why.charAt(0).toUpperCase()}${why.slice(1)}. `}
        {known ? (
          "Below is how it was. This page goes on by itself when the store is back."
        ) : (
          <>
            This page goes on by itself when one does; <code>rumormill store up</code> starts one.
          </>
        )}
      </p>
    </div>
  );
}

/** For who hears the page: what has just changed, and nothing else. */
function Changes({ now, answers }: { now: StoreNow | null; answers: boolean | null }) {
  const before = useRef<{ rows: readonly StoreRow[] | null; answers: boolean | null }>({
    rows: null,
    answers: null,
  });
  const [words, setWords] = useState("");
  useEffect(() => {
    const was = before.current;
    const news = now ? changeWords(was.rows, now.rows) : null;
    if (was.answers !== null && answers !== was.answers)
      setWords(answers ? "The store answers again." : "The store does not answer.");
    else if (news) setWords(news);
    before.current = { rows: now?.rows ?? null, answers };
  }, [now, answers]);
  return (
    <p class="unseen" role="status" data-testid="store-changes">
      {words}
    </p>
  );
}
