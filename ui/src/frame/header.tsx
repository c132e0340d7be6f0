// The header: what is on the bench, how it goes, and the page's own switches.

import { LabError, lab } from "../api/client";
import type { Bench } from "../model/run";
import { bench, benchError, line, watchRun } from "../state/bench";
import { inPast } from "../state/cursor";
import { labError, loadRuns } from "../state/gallery";
import { theme, toggleTheme } from "../state/preferences";
import { runEnd } from "../state/timeline";
import mark from "../style/mark.svg";
import { clock, exact, span } from "../words/format";
import { runTitle, stateWord } from "../words/sentences";
import { helpOpen } from "./help";
import { complain, tell } from "./toast";

export function Header() {
  const of = bench.value;
  return (
    <header class="header">
      <a class="brand" href="#/">
        <img src={mark} alt="" width="22" height="22" />
        Rumormill
      </a>
      {of && <Title of={of} />}
      {!of && labError.value && (
        <span class="lost" role="alert">
          {labError.value}
        </span>
      )}
      <span class="grow" />
      {of && <Progress of={of} />}
      <button
        type="button"
        class="icon"
        aria-label="Copy the address of this view"
        title="Copy the address of this view"
        data-testid="copy-address"
        onClick={() => void copyAddress()}
      >
        <svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
          <path d="M6.5 9.5 9.5 6.5M7.5 4.5 9 3a2.8 2.8 0 0 1 4 4l-1.5 1.5M8.5 11.5 7 13a2.8 2.8 0 0 1-4-4l1.5-1.5" />
        </svg>
      </button>
      <button
        type="button"
        class="icon"
        aria-label={theme.value === "dark" ? "Use the light theme" : "Use the dark theme"}
        title="Light or dark"
        onClick={toggleTheme}
      >
        ◐
      </button>
      <button
        type="button"
        class="icon"
        aria-label="Help"
        title="Help (?)"
        onClick={() => {
          helpOpen.value = true;
        }}
      >
        ?
      </button>
    </header>
  );
}

/** The address says everything that can be seen: run, view, selection, moment. */
async function copyAddress(): Promise<void> {
  try {
    await navigator.clipboard.writeText(location.href);
    tell("The address of this view is copied.");
  } catch {
    complain("The browser does not let this page copy. Copy the address from its address bar.");
  }
}

function Title({ of }: { of: Bench }) {
  watchRun();
  return (
    <div class="run-title">
      <strong>{of.run.title || of.run.experiment || of.run.name}</strong>
      <span class="quiet number">{runTitle(of.run)}</span>
    </div>
  );
}

function Progress({ of }: { of: Bench }) {
  watchRun();
  const run = of.present;
  const word = stateWord(run);
  return (
    <div class="run-progress">
      {line.value === "lost" && (
        <span class="lost" role="alert">
          The lab does not answer; trying again
        </span>
      )}
      <span class={`state ${word}`} data-testid="run-state" data-state={run.state}>
        <i class={`dot ${word}`} />
        {word}
      </span>
      <span
        class="number"
        data-testid="run-time"
        title={`${run.wall_seconds.toFixed(3)} s of wall time`}
      >
        {run.state === "ended" ? span(run.virtual_seconds) : clock(runEnd.value)}
      </span>
      <span class="number">
        {exact(of.done)}/{exact(of.size)} done{inPast.value ? " here" : ""}
      </span>
      {run.state !== "ended" && <Stop id={run.id} />}
    </div>
  );
}

function Stop({ id }: { id: string }) {
  const stop = async () => {
    try {
      await lab.stop(id);
    } catch (error) {
      benchError.value = error instanceof LabError ? error.sentence : String(error);
    }
    await loadRuns();
  };
  return (
    <button type="button" class="stop" data-testid="stop" onClick={() => void stop()}>
      Stop
    </button>
  );
}
