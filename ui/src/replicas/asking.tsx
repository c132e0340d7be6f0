// Asking by hand, under the replicas: a person types a call at a front end, or switches a replica, and reads
// the newest answers.

import { useState } from "preact/hooks";
import { asked } from "../inspector/wishes";
import type { Bench } from "../model/run";
import { act, busy, hands } from "../state/hands";
import { adjust } from "../state/route";
import { span } from "../words/format";
import { answerWords, useAnswers } from "./answers";

/** Front ends and replicas that are offered; the others are asked in the inspector. */
const OFFERED_MAX = 40;

const TO_FRONT_END = ["rate 1 4.5", "view 1", "set x 5", "get x"];
const TO_REPLICA = ["offline", "online", "overloaded", "gossip"];

interface Props {
  bench: Bench;
  replicas: readonly number[];
}

export function Asking({ bench, replicas }: Props) {
  const all = Array.from({ length: bench.size }, (_, i) => i + 1);
  const fronts = all.filter((peer) => !replicas.includes(peer)).slice(0, OFFERED_MAX);
  const [chosen, setChosen] = useState<number | null>(null);
  const [text, setText] = useState("");
  const [wrong, setWrong] = useState<string | null>(null);
  const peer = chosen ?? fronts[0] ?? replicas[0] ?? 1;
  const examples = replicas.includes(peer) ? TO_REPLICA : TO_FRONT_END;
  const now = hands.value;
  const label = (id: number) => bench.peers.label(id);
  const ask = (event: Event) => {
    event.preventDefault();
    const wish = asked({ numbers: [peer] }, text);
    setWrong("wrong" in wish ? wish.wrong : null);
    if (!("wrong" in wish)) void act(...wish.faults);
  };
  return (
    <section class="asking" aria-label="Ask by hand" data-can={now.can}>
      {now.can === "nothing" ? (
        <p class="quiet">{now.why}</p>
      ) : (
        <form class="asking-form" noValidate onSubmit={ask}>
          <label>
            Ask{" "}
            <select
              data-testid="asking-peer"
              value={String(peer)}
              onChange={(event) => setChosen(Number(event.currentTarget.value))}
            >
              {fronts.map((id) => (
                <option key={id} value={id}>
                  front end {label(id)}
                </option>
              ))}
              {replicas.slice(0, OFFERED_MAX).map((id) => (
                <option key={id} value={id}>
                  replica {label(id)}
                </option>
              ))}
            </select>
          </label>
          <input
            type="text"
            class="code"
            aria-label="What to ask"
            data-testid="asking-text"
            list="asking-examples"
            autocomplete="off"
            spellcheck={false}
            placeholder={examples.join(", ")}
            aria-invalid={wrong !== null}
            value={text}
            onInput={(event) => setText(event.currentTarget.value)}
          />
          <datalist id="asking-examples">
            {examples.map((example) => (
              <option key={example} value={example} />
            ))}
          </datalist>
          <button
            type="submit"
            class="act"
            data-testid="asking-apply"
            disabled={busy.value}
            title={now.can === "branch" ? "Gathers it for a branch that begins at the cursor" : ""}
          >
            {now.can === "branch" ? "Ask in a branch…" : "Ask"}
          </button>
        </form>
      )}
      {wrong && (
        <p class="field-error" role="alert">
          {wrong}
        </p>
      )}
      <Answers bench={bench} />
    </section>
  );
}

/** What was asked and answered last, the newest first. */
function Answers({ bench }: { bench: Bench }) {
  const answers = useAnswers(bench);
  if (answers.length === 0) return null;
  return (
    <ul class="answers" aria-label="Newest requests and answers" data-testid="answers">
      {answers.map((line) => (
        <li key={line.id} class={line.kind === "fault" ? "quiet" : ""}>
          <button
            type="button"
            class="row-button number"
            title="Show this event"
            onClick={() => adjust({ event: line.id })}
          >
            {span(line.t)}
          </button>
          {line.kind === "fault" ? (
            <span>{line.text}</span>
          ) : (
            <span title={line.text}>
              peer {bench.peers.label(line.peer)} says <code>{answerWords(line)}</code>
            </span>
          )}
        </li>
      ))}
    </ul>
  );
}
