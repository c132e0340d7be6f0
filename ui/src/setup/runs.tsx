// The list of runs, live and recorded: open any, delete those that have ended.

import { signal } from "@preact/signals";
import { useState } from "preact/hooks";
import { LabError, lab } from "../api/client";
import type { Run } from "../api/types";
import { closeRun } from "../state/bench";
import { labError, loadRuns, runs } from "../state/gallery";
import { go, route, runRoute } from "../state/route";
import { exact, moment, span } from "../words/format";
import { stateWord } from "../words/sentences";
import { JobList } from "./joblist";

/** Runs that are chosen to be compared, in the order of choice. */
const chosen = signal<string[]>([]);

/** Runs beside each other that one can still tell apart. */
const COMPARED_MAX = 6;

function choose(id: string, on: boolean): void {
  const others = chosen.peek().filter((one) => one !== id);
  chosen.value = on ? [...others, id].slice(-COMPARED_MAX) : others;
}

/** Rows shown at first; a long history is one click further. */
const PAGE = 60;

export function Runs() {
  const all = runs.value;
  const [shown, setShown] = useState(PAGE);
  const [refused, setRefused] = useState<string | null>(null);
  if (all === null)
    return <p class="panel-note">{labError.value ?? "Asking the lab for its runs…"}</p>;
  if (all.length === 0)
    return (
      <div class="runs">
        <JobList />
        <p class="panel-note">No run yet. Choose an experiment and press Run.</p>
      </div>
    );
  return (
    <div class="runs">
      {refused && (
        <p class="field-error" role="alert">
          {refused}
        </p>
      )}
      <JobList />
      <Comparing />
      <ul class="gallery" aria-label="Runs" data-testid="runs">
        {all.slice(0, shown).map((run) => (
          <li key={run.id}>
            <Row run={run} refused={setRefused} />
          </li>
        ))}
      </ul>
      {all.length > shown && (
        <button type="button" class="plain" onClick={() => setShown(shown + PAGE)}>
          {exact(all.length - shown)} more
        </button>
      )}
    </div>
  );
}

function Comparing() {
  const many = chosen.value.length;
  if (many === 0) return null;
  return (
    <div class="comparing">
      <span class="quiet">{many === 1 ? "Choose another to compare" : `${many} chosen`}</span>
      <button
        type="button"
        class="plain"
        onClick={() => {
          chosen.value = [];
        }}
      >
        Clear
      </button>
      <button
        type="button"
        class="act"
        data-testid="compare"
        disabled={many < 2}
        onClick={() => go({ at: "compare", runs: chosen.peek() })}
      >
        Compare
      </button>
    </div>
  );
}

function Row({ run, refused }: { run: Run; refused: (why: string | null) => void }) {
  const [sure, setSure] = useState(false);
  const here = route.value.at === "run" && route.value.run === run.id;
  const remove = async () => {
    if (!sure) return setSure(true);
    try {
      await lab.remove(run.id);
      refused(null);
      choose(run.id, false);
      if (here) {
        closeRun();
        go({ at: "bench", experiment: null });
      }
    } catch (error) {
      refused(error instanceof LabError ? error.sentence : String(error));
    }
    await loadRuns();
  };
  return (
    <div class="run-row">
      <input
        type="checkbox"
        class="pick"
        data-testid={`pick-${run.id}`}
        aria-label={`Compare run ${run.id}`}
        title="Compare with another"
        checked={chosen.value.includes(run.id)}
        onChange={(event) => choose(run.id, event.currentTarget.checked)}
      />
      <button
        type="button"
        class="entry"
        data-testid={`run-${run.id}`}
        aria-current={here}
        title={run.folder ?? "Not recorded"}
        onClick={() => go(runRoute(run.id))}
      >
        <span class="entry-title">
          <i class={`dot ${stateWord(run)}`} /> {run.title || run.experiment || run.name}
          {run.parent && <span class="quiet"> · branch</span>}
        </span>
        <span class="quiet number">
          {run.mode === "sim" && run.seed != null ? `seed ${run.seed} · ` : ""}
          {exact(run.peers)} {run.mode === "processes" ? "processes" : "peers"} ·{" "}
          {run.state === "ended" ? span(run.virtual_seconds) : run.state} · {moment(run.started)}
        </span>
      </button>
      {run.state === "ended" && (
        <button
          type="button"
          class={`plain remove ${sure ? "sure" : ""}`}
          aria-label={sure ? `Delete run ${run.id} for good` : `Delete run ${run.id}`}
          title={sure ? "Deletes its folder too" : "Delete"}
          onBlur={() => setSure(false)}
          onClick={() => void remove()}
        >
          {sure ? "Delete" : "×"}
        </button>
      )}
    </div>
  );
}
