// The form of one experiment: its parameters, how to run it, and Run.

import { useEffect, useRef } from "preact/hooks";
import type { Experiment, Mode } from "../api/types";
import {
  check,
  checking,
  errors,
  experiment,
  mode,
  ready,
  set,
  settingErrors,
  settings,
  speed,
  start,
  starting,
} from "../state/draft";
import { errorSentence } from "../words/sentences";
import { Field } from "./field";
import { JobButtons } from "./jobs";
import { SPEEDS } from "./speeds";

export function Form() {
  const of = experiment.value;
  if (!of) return null;
  if (of.broken) return <Broken of={of} />;
  return (
    <form
      class="form"
      aria-label={`Run ${of.title}`}
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        void start();
      }}
    >
      <div class="form-fields">
        {of.parameters.map((param) => (
          <Field key={`${of.name}/${param.name}`} param={param} />
        ))}
        <More />
      </div>
      <div class="form-run">
        <HowToRun of={of} />
        <RunButton />
        {mode.value === "sim" && <JobButtons />}
      </div>
    </form>
  );
}

function HowToRun({ of }: { of: Experiment }) {
  const now = settings.value;
  return (
    <>
      <fieldset class="modes">
        <legend>as</legend>
        <ModeChoice of={of} value="sim" text="simulation" hint="Seeded, in virtual time" />
        <ModeChoice of={of} value="processes" text="processes" hint="Real processes and sockets" />
      </fieldset>
      <div class="seed-and-speed">
        <Setting name="seed" label="seed" value={now.seed} onInput={(v) => set("seed", v)} />
        {mode.value === "sim" && (
          <select
            id="speed"
            aria-label="Speed"
            title="Speed of run time"
            data-testid="speed"
            value={speed.value}
            onChange={(event) => set("speed", event.currentTarget.value)}
          >
            {SPEEDS.map(([value, text]) => (
              <option key={value} value={value}>
                {text}
              </option>
            ))}
          </select>
        )}
      </div>
    </>
  );
}

function More() {
  const now = settings.value;
  return (
    <details class="more">
      <summary>More</summary>
      <div class="field">
        <label for="record">keep a recording</label>
        <input
          id="record"
          data-testid="record"
          type="checkbox"
          checked={now.record}
          onChange={(event) => set("record", event.currentTarget.checked)}
        />
      </div>
      <Setting
        name="time_limit_s"
        label="time limit, seconds"
        value={now.time_limit_s}
        onInput={(v) => set("time_limit_s", v)}
      />
      {mode.value === "processes" && (
        <Setting
          name="peers_per_process"
          label="peers per process"
          value={now.peers_per_process}
          onInput={(v) => set("peers_per_process", v)}
        />
      )}
    </details>
  );
}

interface ModeProps {
  of: Experiment;
  value: Mode;
  text: string;
  hint: string;
}

function ModeChoice({ of, value, text, hint }: ModeProps) {
  const possible = of.modes.includes(value);
  return (
    <label class="mode" title={possible ? hint : `${of.title} cannot run this way`}>
      <input
        type="radio"
        name="mode"
        data-testid={`mode-${value}`}
        checked={mode.value === value}
        disabled={!possible}
        onChange={() => set("mode", value)}
      />
      {text}
    </label>
  );
}

interface SettingProps {
  name: string;
  label: string;
  value: string;
  onInput: (value: string) => void;
}

function Setting({ name, label, value, onInput }: SettingProps) {
  const own = settingErrors.value[name];
  const said = errors.value.filter((e) => e.field === name).map(errorSentence);
  const wrong = own ? [own, ...said] : said;
  return (
    <div class="field">
      <label for={name}>{label}</label>
      <input
        id={name}
        data-testid={name}
        class="short number"
        type="text"
        inputMode="decimal"
        autocomplete="off"
        aria-invalid={wrong.length > 0}
        value={value}
        onInput={(event) => onInput(event.currentTarget.value)}
      />
      {wrong.map((sentence) => (
        <p class="field-error" key={sentence} data-testid={`error-${name}`} role="alert">
          {sentence}
        </p>
      ))}
    </div>
  );
}

/** Fields of the form besides the parameters: an error may name one. */
const SETTINGS = ["seed", "time_limit_s", "peers_per_process"];

function RunButton() {
  const button = useRef<HTMLButtonElement>(null);
  const name = experiment.value?.name;
  // The first visit opens with Run focused: one press of Enter, and something moves.
  useEffect(() => {
    if (document.activeElement === document.body && check.value?.ok) button.current?.focus();
  }, [name, check.value]);
  const fields = [...SETTINGS, ...(experiment.value?.parameters.map((p) => p.name) ?? [])];
  const general = errors.value.filter((e) => e.field === null || !fields.includes(e.field));
  return (
    <>
      {general.map((error) => (
        <p class="field-error" key={error.message} data-testid="error-form" role="alert">
          {error.field ? `${error.field}: ` : ""}
          {errorSentence(error)}
        </p>
      ))}
      <button
        ref={button}
        type="submit"
        class="primary"
        data-testid="run"
        disabled={!ready.value}
        data-checking={checking.value}
      >
        {starting.value ? "Starting…" : "Run"}
      </button>
    </>
  );
}

function Broken({ of }: { of: Experiment }) {
  const { broken } = of;
  if (!broken) return null;
  return (
    <div class="form">
      <p class="field-error" data-testid="broken" role="alert">
        {of.name}.star: {errorSentence({ field: null, ...broken })}
      </p>
      <p class="quiet">Correct the file, then reload this page.</p>
    </div>
  );
}
