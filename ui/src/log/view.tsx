// The event log: what happened to whom, with a filter by kind, peer and words.

import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { Rows } from "../frame/rows";
import { type Entry, isGap } from "../model/journal";
import type { Bench } from "../model/run";
import { SearchBox } from "../search/box";
import { FoundList } from "../search/found";
import { KINDS } from "../search/language";
import { followSearch, search } from "../search/state";
import { watchRun } from "../state/bench";
import { adjust, route } from "../state/route";
import { exact, plural, stamp } from "../words/format";
import { type Filter, isEmpty, useLines } from "./lines";
import { describe } from "./words";

const ROW_PX = 22;

const NO_FILTER: Filter = { kind: "", text: "", peer: "" };

/** The filter stays while views change, and goes with its run. */
const chosen = signal<{ run: string; filter: Filter }>({ run: "", filter: NO_FILTER });

/** Is the search for patterns open? */
const searching = signal(false);

function filterOf(run: string): Filter {
  return chosen.value.run === run ? chosen.value.filter : NO_FILTER;
}

export function LogView({ bench }: { bench: Bench }) {
  watchRun();
  useEffect(followSearch, []);
  return (
    <div class="log">
      <FilterBar bench={bench} />
      {(searching.value || search.value) && (
        <div class="log-search">
          <SearchBox />
        </div>
      )}
      {search.value ? <FoundList bench={bench} /> : <Lines bench={bench} />}
    </div>
  );
}

function Lines({ bench }: { bench: Bench }) {
  watchRun();
  const filter = filterOf(bench.run.id);
  const lines = useLines(bench, filter);
  return (
    <>
      {lines.error && (
        <p class="notice" role="alert">
          {lines.error}
        </p>
      )}
      {lines.entries.length === 0 ? (
        <p class="empty">
          {isEmpty(filter)
            ? "Nothing has happened yet. The first line appears when the first peer starts."
            : "No event matches this filter. Esc clears it."}
        </p>
      ) : (
        <Rows
          key={JSON.stringify(filter)}
          count={lines.entries.length}
          height={ROW_PX}
          label="Events"
          testid="log"
          follow
          prepended={lines.prepended}
          atTop={lines.more ? lines.older : undefined}
          row={(i) => (
            <Line key={keyOf(lines.entries[i], i)} bench={bench} entry={lines.entries[i]} />
          )}
        />
      )}
    </>
  );
}

function keyOf(entry: Entry | undefined, index: number): string {
  return !entry || isGap(entry) ? `gap ${index}` : entry.id;
}

function FilterBar({ bench }: { bench: Bench }) {
  const run = bench.run.id;
  const now = filterOf(run);
  const change = (part: Partial<Filter>) => {
    chosen.value = { run, filter: { ...now, ...part } };
  };
  return (
    <search
      class="log-filter"
      onKeyDown={(event) => {
        if (event.key === "Escape") change(NO_FILTER);
      }}
    >
      <select
        aria-label="Kind of event"
        data-testid="log-kind"
        value={now.kind}
        onChange={(event) => change({ kind: event.currentTarget.value })}
      >
        <option value="">every kind</option>
        {KINDS.map((kind) => (
          <option key={kind}>{kind}</option>
        ))}
      </select>
      <input
        type="search"
        id="log-filter"
        data-testid="log-filter"
        placeholder="Words in the event ( / )"
        aria-label="Words in the event"
        value={now.text}
        onInput={(event) => change({ text: event.currentTarget.value })}
      />
      <input
        class="short number"
        type="text"
        inputMode="numeric"
        data-testid="log-peer"
        placeholder="peer"
        aria-label="Peer"
        value={now.peer}
        onInput={(event) => change({ peer: event.currentTarget.value.replace(/\D/g, "") })}
      />
      <button
        type="button"
        class="plain"
        data-testid="log-search"
        aria-expanded={searching.value || search.value !== null}
        title="Search the whole trace: words, or a pattern of two events"
        onClick={() => {
          searching.value = !searching.value;
        }}
      >
        Pattern…
      </button>
      <span class="grow" />
      {bench.traceDropped > 0 && (
        <span class="quiet">
          {plural(bench.traceDropped, "event")} could not be reported in time
        </span>
      )}
      <span class="quiet number">{plural(bench.run.events, "event")}</span>
    </search>
  );
}

function Line({ bench, entry }: { bench: Bench; entry: Entry | undefined }) {
  if (!entry) return null;
  if (isGap(entry))
    return <li class="log-line gap">{exact(entry.gap)} more went by; a filter finds them</li>;
  const selected = route.value.at === "run" && route.value.event === entry.id;
  return (
    <li class="log-line" aria-current={selected}>
      <span class="number quiet">{stamp(entry.t)}</span>
      {entry.peer > 0 ? (
        <button
          type="button"
          class="row-button number"
          onClick={() => adjust({ peer: entry.peer })}
        >
          {bench.peers.label(entry.peer)}
        </button>
      ) : (
        <span class="quiet">net</span>
      )}
      <span class={`log-kind ${entry.kind}`}>{entry.kind}</span>
      <button
        type="button"
        class="log-text"
        title={entry.text}
        onClick={() => adjust({ event: selected ? null : entry.id, link: null })}
      >
        {describe(entry)}
      </button>
    </li>
  );
}
