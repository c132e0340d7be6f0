// One parameter's field: made from what the experiment says of it.

import type { Param, Value } from "../api/types";
import { check, errors, isTyped, reset, setValue, values } from "../state/draft";
import { exact } from "../words/format";
import { errorSentence } from "../words/sentences";

export function Field({ param }: { param: Param }) {
  const { name } = param;
  const mine = errors.value.filter((e) => e.field === name);
  const warnings = check.value?.warnings?.filter((w) => w.field === name) ?? [];
  const total = check.value?.totals?.[name];
  const id = `param-${name}`;
  return (
    <div class={`field ${param.kind === "expression" ? "field-wide" : ""}`}>
      <label for={id} title={param.help ?? undefined}>
        {words(name)}
        {isTyped(name) && (
          <button
            type="button"
            class="undo"
            title={`Back to ${String(param.default)}`}
            aria-label={`Set ${words(name)} back to ${String(param.default)}`}
            onClick={() => reset(name)}
          >
            ↺
          </button>
        )}
      </label>
      <Input param={param} id={id} bad={mine.length > 0} />
      {param.help && (
        <p class={param.kind === "expression" ? "field-help" : "unseen"} id={`help-${name}`}>
          {param.help}
        </p>
      )}
      {total !== undefined && mine.length === 0 && (
        <p class="field-total number" data-testid={`total-${name}`}>
          = {exact(total)} {total === 1 ? "" : words(name)} in total
        </p>
      )}
      {mine.map((error) => (
        <p class="field-error" key={error.message} data-testid={`error-${name}`} role="alert">
          {errorSentence(error)}
        </p>
      ))}
      {warnings.map((warning) => (
        <p class="field-warning" key={warning.message}>
          {warning.message}
        </p>
      ))}
    </div>
  );
}

/** A parameter's name as a word: anti_entropy reads "anti entropy". */
export function words(name: string): string {
  return name.replaceAll("_", " ");
}

function Input({ param, id, bad }: { param: Param; id: string; bad: boolean }) {
  const { name, kind } = param;
  const value = values.value[name] ?? param.default;
  const common = {
    id,
    name,
    "data-testid": id,
    "aria-invalid": bad,
    ...(param.help ? { "aria-describedby": `help-${name}` } : {}),
  };
  if (kind === "flag")
    return (
      <input
        {...common}
        type="checkbox"
        checked={value === true}
        onChange={(event) => setValue(name, event.currentTarget.checked)}
      />
    );
  if (kind === "choice")
    return (
      <select
        {...common}
        value={String(value)}
        onChange={(event) => setValue(name, event.currentTarget.value)}
      >
        {(param.choices ?? []).map((choice) => (
          <option key={choice}>{choice}</option>
        ))}
      </select>
    );
  const numeric = kind === "count" || kind === "number";
  return (
    <input
      {...common}
      type="text"
      inputMode={numeric ? "decimal" : "text"}
      class={numeric || kind === "span" ? "short number" : "code"}
      autocomplete="off"
      spellcheck={false}
      value={String(value)}
      onInput={(event) =>
        setValue(name, numeric ? asNumber(event.currentTarget.value) : event.currentTarget.value)
      }
    />
  );
}

/** A number if it is one; else the text, for the lab to say what is wrong with it. */
export function asNumber(text: string): Value {
  const trimmed = text.trim();
  const number = Number(trimmed);
  // Only what would be written the same way: "1." is still being typed.
  return trimmed !== "" && String(number) === trimmed ? number : text;
}
