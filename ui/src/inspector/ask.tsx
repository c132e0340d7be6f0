// A small form under a button: how slow, which request, what delay.

import { useState } from "preact/hooks";

/** One field of it. */
export interface AskField {
  name: string;
  label: string;
  value: string;
  /** An example, for an empty field. */
  hint?: string;
}

interface Props {
  /** What the button says. */
  verb: string;
  testid: string;
  fields: AskField[];
  /** Does it with what was typed; gives a sentence when that is not right. */
  apply: (values: Record<string, string>) => string | null;
  close: () => void;
}

export function AskForm({ verb, testid, fields, apply, close }: Props) {
  const [typed, setTyped] = useState<Record<string, string>>({});
  const [wrong, setWrong] = useState<string | null>(null);
  const submit = (event: Event) => {
    event.preventDefault();
    const values = Object.fromEntries(fields.map((f) => [f.name, typed[f.name] ?? f.value]));
    const why = apply(values);
    setWrong(why);
    if (why === null) close();
  };
  return (
    <form class="ask" data-testid={`${testid}-form`} noValidate onSubmit={submit}>
      {fields.map((field, i) => (
        <label key={field.name}>
          <span>{field.label}</span>
          <input
            type="text"
            class="code"
            autocomplete="off"
            spellcheck={false}
            placeholder={field.hint}
            data-testid={`${testid}-${field.name}`}
            aria-invalid={wrong !== null}
            value={typed[field.name] ?? field.value}
            ref={(at) => {
              if (i === 0 && at && document.activeElement?.closest(".ask") === null) at.select();
            }}
            onInput={(event) => setTyped({ ...typed, [field.name]: event.currentTarget.value })}
            onKeyDown={(event) => {
              if (event.key !== "Escape") return;
              event.stopPropagation();
              close();
            }}
          />
        </label>
      ))}
      {wrong && (
        <p class="field-error" role="alert">
          {wrong}
        </p>
      )}
      <div class="ask-buttons">
        <button type="button" class="plain" onClick={close}>
          Cancel
        </button>
        <button type="submit" class="act" data-testid={`${testid}-apply`}>
          {verb}
        </button>
      </div>
    </form>
  );
}
