// The search box: words or a pattern, with examples under it.

import { useEffect, useRef, useState } from "preact/hooks";
import { route } from "../state/route";
import { EXAMPLES } from "./language";
import { find, nextResult, search } from "./state";

/** What the page's key for searching goes to. */
export const SEARCH_ID = "search";

export function SearchBox() {
  const asked = route.value.at === "run" ? route.value.find : null;
  const [text, setText] = useState(asked ?? "");
  const [open, setOpen] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => setText(asked ?? ""), [asked]);
  const now = search.value;
  const ask = (words: string) => {
    setText(words);
    setOpen(false);
    find(words);
  };
  return (
    <search class="search">
      <input
        ref={input}
        type="search"
        id={SEARCH_ID}
        data-testid="search"
        placeholder="Search: sent push, or a then b within 2s ( / )"
        aria-label="Search the trace: words, or a pattern of two events"
        aria-describedby="search-said"
        aria-invalid={now?.error ? true : undefined}
        autocomplete="off"
        spellcheck={false}
        value={text}
        onFocus={() => setOpen(true)}
        onBlur={() => setOpen(false)}
        onInput={(event) => {
          setText(event.currentTarget.value);
          if (event.currentTarget.value === "") find("");
        }}
        onKeyDown={(event) => {
          if (event.key === "Enter" && text.trim() === asked && !now?.error)
            nextResult(event.shiftKey ? -1 : 1);
          else if (event.key === "Enter") ask(text);
          else if (event.key === "Escape") {
            if (text) ask("");
            input.current?.blur();
          } else return;
          event.preventDefault();
          event.stopPropagation();
        }}
      />
      {open && !asked && <Examples ask={ask} />}
      {now?.error && (
        <p class="search-error" id="search-said" role="alert" data-testid="search-error">
          {now.error.column !== null && (
            <code aria-hidden="true">{pointAt(now.text, now.error.column)}</code>
          )}
          {now.error.sentence}
        </p>
      )}
    </search>
  );
}

/** The words up to where they were not understood, and a sign there. */
function pointAt(text: string, column: number): string {
  return `${text.slice(0, Math.max(0, column - 1))}▸${text.slice(Math.max(0, column - 1))}`;
}

function Examples({ ask }: { ask: (text: string) => void }) {
  return (
    <div class="search-examples" data-testid="search-examples">
      <p class="quiet">For example</p>
      <ul>
        {EXAMPLES.map(([words, finds]) => (
          <li key={words}>
            <button
              type="button"
              // Before the box loses the focus, and with it its examples.
              onPointerDown={(event) => {
                event.preventDefault();
                ask(words);
              }}
              onClick={() => ask(words)}
            >
              <code>{words}</code>
              <span class="quiet">{finds}</span>
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}
