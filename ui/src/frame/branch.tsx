// "Branch here": what will happen differently from the cursor on, before the new run begins.

import { useState } from "preact/hooks";
import type { Param, Run, Value } from "../api/types";
import type { Bench } from "../model/run";
import { asNumber, words } from "../setup/field";
import { SPEEDS } from "../setup/speeds";
import { bench } from "../state/bench";
import { cursor } from "../state/cursor";
import { experiments } from "../state/gallery";
import {
  branchDraft,
  branchOpen,
  busy,
  changeBranch,
  dropBranch,
  startBranch,
} from "../state/hands";
import { faultWords } from "../words/faults";
import { exact, span } from "../words/format";
import { Dialog } from "./dialog";

export function BranchDialog() {
  const of = bench.value;
  const at = cursor.value;
  return (
    <Dialog
      open={branchOpen.value && of !== null && at !== null}
      close={() => {
        branchOpen.value = false;
      }}
      title={at ? `Branch at ${span(at.t)}` : "Branch"}
      testid="branch"
    >
      {of && <Branch of={of} />}
    </Dialog>
  );
}

function Branch({ of }: { of: Bench }) {
  const [speed, setSpeed] = useState("1");
  const [refused, setRefused] = useState<string | null>(null);
  const at = cursor.value;
  const { faults, values } = branchDraft.value;
  const begin = async (event: Event) => {
    event.preventDefault();
    setRefused(await startBranch(speed));
  };
  return (
    <form class="branch" noValidate onSubmit={(event) => void begin(event)}>
      <p class="quiet">
        A new run repeats this one up to event {exact(at?.n ?? 0)} and goes on by itself. This run
        stays as it is.
      </p>
      <h3>What happens there</h3>
      {faults.length === 0 ? (
        <p class="quiet">
          Nothing yet. Close this, select a peer or a link and use its buttons; or branch with
          nothing changed, which gives the same digest.
        </p>
      ) : (
        <ul class="pairs" data-testid="branch-faults">
          {faults.map((fault, i) => (
            <li key={i}>
              <span>{faultWords(fault)}</span>
              <button
                type="button"
                class="plain"
                aria-label={`Remove: ${faultWords(fault)}`}
                onClick={() => changeBranch({ faults: faults.filter((_, j) => j !== i) })}
              >
                Remove
              </button>
            </li>
          ))}
        </ul>
      )}
      <Parameters run={of.run} values={values} />
      <label class="field">
        speed from there on
        <select
          data-testid="branch-speed"
          value={speed}
          onChange={(event) => setSpeed(event.currentTarget.value)}
        >
          {SPEEDS.map(([value, text]) => (
            <option key={value} value={value}>
              {text}
            </option>
          ))}
        </select>
      </label>
      {refused && (
        <p class="field-error" role="alert" data-testid="branch-error">
          {refused}
        </p>
      )}
      <div class="dialog-buttons">
        <button type="button" class="plain" onClick={dropBranch}>
          Forget these
        </button>
        <button
          type="button"
          class="plain"
          onClick={() => {
            branchOpen.value = false;
          }}
        >
          Add more
        </button>
        <button type="submit" class="primary" data-testid="branch-start" disabled={busy.value}>
          {busy.value ? "Branching…" : "Branch"}
        </button>
      </div>
    </form>
  );
}

/** Parameters that may change while a run goes on: all but the number of peers. */
function changeable(run: Run): Param[] {
  const of = experiments.value?.find((e) => e.name === run.experiment);
  return (of?.parameters ?? []).filter((param) => param.name !== "peers");
}

function Parameters({ run, values }: { run: Run; values: Record<string, Value> }) {
  const params = changeable(run);
  if (params.length === 0) return null;
  const change = (name: string, value: Value, was: Value) => {
    const { [name]: _, ...others } = branchDraft.peek().values;
    changeBranch({ values: value === was ? others : { ...others, [name]: value } });
  };
  return (
    <details class="more" open={Object.keys(values).length > 0}>
      <summary>Change parameters</summary>
      {params.map((param) => {
        const was = run.values?.[param.name] ?? param.default;
        const now = values[param.name] ?? was;
        return (
          <div class={`field ${now === was ? "" : "typed"}`} key={param.name}>
            <label for={`branch-${param.name}`} title={param.help ?? undefined}>
              {words(param.name)}
            </label>
            <ParameterInput
              param={param}
              value={now}
              change={(value) => change(param.name, value, was)}
            />
          </div>
        );
      })}
    </details>
  );
}

interface InputProps {
  param: Param;
  value: Value;
  change: (value: Value) => void;
}

function ParameterInput({ param, value, change }: InputProps) {
  const name = `branch-${param.name}`;
  const common = { id: name, "data-testid": name };
  if (param.kind === "flag")
    return (
      <input
        type="checkbox"
        {...common}
        checked={value === true}
        onChange={(event) => change(event.currentTarget.checked)}
      />
    );
  if (param.kind === "choice")
    return (
      <select
        {...common}
        value={String(value)}
        onChange={(event) => change(event.currentTarget.value)}
      >
        {(param.choices ?? []).map((choice) => (
          <option key={choice}>{choice}</option>
        ))}
      </select>
    );
  const numeric = param.kind === "count" || param.kind === "number";
  return (
    <input
      type="text"
      class="short code"
      autocomplete="off"
      {...common}
      value={String(value)}
      onInput={(event) =>
        change(numeric ? asNumber(event.currentTarget.value) : event.currentTarget.value)
      }
    />
  );
}
