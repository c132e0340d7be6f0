// What stands over the diagram: the search, the choice of rows, folding, fitting.

import { useEffect, useRef, useState } from "preact/hooks";
import type { Bench } from "../model/run";
import { SearchBox } from "../search/box";
import { adjust, route } from "../state/route";
import { exact } from "../words/format";
import type { Picture } from "./picture";
import { ROWS_MAX, readPeers, writePeers } from "./rows";
import { folded, rowsMost } from "./settings";

interface Props {
  bench: Bench;
  picture: Picture | null;
  showAll: () => void;
  /** Has the lab choose and order the rows anew, for what is in sight. */
  reorder: () => void;
}

export function Tools({ bench, picture, showAll, reorder }: Props) {
  return (
    <div class="spacetime-tools">
      <SearchBox />
      <span class="grow" />
      <Rows bench={bench} picture={picture} reorder={reorder} />
      <button
        type="button"
        class="plain framed"
        data-testid="fold-quiet"
        aria-pressed={folded.value}
        title="Leave out peers to whom nothing happens in sight"
        onClick={() => {
          folded.value = !folded.value;
        }}
      >
        Fold quiet
      </button>
      <button
        type="button"
        class="plain framed"
        title="Show the whole run (f)"
        data-testid="spacetime-fit"
        onClick={showAll}
      >
        Fit
      </button>
    </div>
  );
}

function Rows({
  bench,
  picture,
  reorder,
}: {
  bench: Bench;
  picture: Picture | null;
  reorder: () => void;
}) {
  const host = useRef<HTMLDetailsElement>(null);
  const chosen = route.value.at === "run" ? route.value.rows : null;
  const shown = picture?.peers.length ?? 0;
  // What somebody is typing stays, though the rows change meanwhile; with the form it goes.
  const [draft, setDraft] = useState<string | null>(null);
  useEffect(() => {
    const away = (event: PointerEvent) => {
      if (host.current && !host.current.contains(event.target as Node)) host.current.open = false;
    };
    addEventListener("pointerdown", away);
    return () => removeEventListener("pointerdown", away);
  }, []);
  const close = () => {
    if (host.current) host.current.open = false;
  };
  return (
    <details
      class="popover"
      ref={host}
      onToggle={() => {
        if (!host.current?.open) setDraft(null);
      }}
      onKeyDown={(event) => {
        if (event.key !== "Escape" || !host.current?.open) return;
        close();
        event.stopPropagation();
      }}
    >
      <summary class="plain framed" data-testid="rows-button">
        {exact(shown)} of {exact(bench.run.peers)} peers
      </summary>
      <div class="popover-body">
        <RowsForm
          bench={bench}
          text={draft ?? writePeers(chosen ?? picture?.peers ?? [])}
          write={setDraft}
          done={(peers) => {
            adjust({ rows: peers });
            close();
          }}
        />
        <p class="popover-actions">
          {(picture?.hidden ?? 0) > 0 && rowsMost.value < ROWS_MAX && (
            <button
              type="button"
              class="plain"
              data-testid="more-rows"
              onClick={() => {
                rowsMost.value = Math.min(ROWS_MAX, rowsMost.value * 2);
                adjust({ rows: null });
                reorder();
              }}
            >
              Up to {exact(Math.min(ROWS_MAX, rowsMost.value * 2))} rows
            </button>
          )}
          <button
            type="button"
            class="plain"
            onClick={() => {
              adjust({ rows: null });
              reorder();
              close();
            }}
          >
            Order anew for what is in sight
          </button>
        </p>
      </div>
    </details>
  );
}

interface FormProps {
  bench: Bench;
  text: string;
  write: (text: string) => void;
  done: (peers: number[] | null) => void;
}

function RowsForm({ bench, text, write, done }: FormProps) {
  const [error, setError] = useState<string | null>(null);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        const peers = readPeers(text, bench.run.peers);
        setError(peers instanceof Error ? peers.message : null);
        if (!(peers instanceof Error)) done(peers);
      }}
    >
      <label>
        Rows, from top to bottom
        <input
          type="text"
          data-testid="rows-input"
          value={text}
          placeholder="1-5, 8"
          aria-invalid={error !== null}
          onInput={(event) => write(event.currentTarget.value)}
        />
      </label>
      {error && <p role="alert">{error}</p>}
      <button type="submit" class="primary">
        Show these
      </button>
    </form>
  );
}
