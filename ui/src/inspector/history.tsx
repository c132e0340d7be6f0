// Where a run came from and what was done to it: its parent, its plan's faults, what did not hold.

import type { Run } from "../api/types";
import { watchRun } from "../state/bench";
import { cursor, seek, seekEvent } from "../state/cursor";
import { branchOpen, hands, planFaults, saveOpen } from "../state/hands";
import { adjust, format, runRoute } from "../state/route";
import { faultWords, secondsOf } from "../words/faults";
import { exact, span } from "../words/format";

/** Faults that are listed; the timeline marks all. */
const SHOWN = 40;

export function Parent({ run }: { run: Run }) {
  const { parent } = run;
  if (!parent) return null;
  const compare = format({ at: "compare", runs: [parent.run, run.id] });
  return (
    <p class="parent" data-testid="parent" data-run={parent.run} data-at={parent.at_s}>
      Branched from <a href={format(runRoute(parent.run, { t: parent.at_s }))}>{parent.run}</a> at{" "}
      <span class="number">{span(parent.at_s)}</span>.{" "}
      <a href={compare} data-testid="compare-parent">
        Compare
      </a>
    </p>
  );
}

export function Violations({ run }: { run: Run }) {
  watchRun();
  const violations = run.violations ?? [];
  if (violations.length === 0) return null;
  return (
    <section data-testid="violations">
      <h3>Did not hold</h3>
      <ul class="violations">
        {violations.map((of) => (
          <li key={of.property}>
            <button
              type="button"
              class="violation"
              onClick={() => {
                if (of.event) {
                  seekEvent(of.event);
                  adjust({ event: of.event });
                } else seek(of.at_s);
              }}
            >
              {of.property} <span class="number">at {span(of.at_s)}</span>
            </button>
            <p>{of.text}</p>
          </li>
        ))}
      </ul>
    </section>
  );
}

export function Faults({ run }: { run: Run }) {
  watchRun();
  const faults = planFaults(run);
  const first = faults.length - (run.by_hand ?? 0);
  const rows = faults
    .map((timed, i) => ({
      at: secondsOf(timed.at),
      text: faultWords(timed.fault),
      hand: i >= first,
    }))
    .sort((a, b) => a.at - b.at);
  const can = hands.value.can;
  return (
    <section data-testid="plan" data-count={faults.length}>
      <h3>
        Faults
        {(rows.length > 0 || run.folder) && (
          <button
            type="button"
            class="plain"
            data-testid="save-open-dialog"
            title="A file that repeats this run"
            onClick={() => {
              saveOpen.value = true;
            }}
          >
            Save as experiment…
          </button>
        )}
      </h3>
      {rows.length === 0 ? (
        <p class="quiet">
          None. {can === "inject" && "Select a peer or a link and break it."}
          {can === "branch" &&
            run.folder !== null &&
            "Go back in time, select a peer and break it in a branch."}
        </p>
      ) : (
        <ul class="timed">
          {rows.slice(0, SHOWN).map((row, i) => (
            <li key={i} class={row.hand ? "by-hand" : ""}>
              <button type="button" class="row-button number" onClick={() => seek(row.at)}>
                {span(row.at)}
              </button>
              <span>
                {row.text}
                {row.hand && <span class="quiet"> · by hand</span>}
              </span>
            </li>
          ))}
        </ul>
      )}
      {rows.length > SHOWN && <p class="quiet">and {exact(rows.length - SHOWN)} more</p>}
      {can === "branch" && (
        <button
          type="button"
          class="act"
          data-testid="branch-here"
          title="A new run that repeats this one up to the cursor"
          onClick={() => {
            branchOpen.value = true;
          }}
        >
          Branch at {span(cursor.value?.t ?? 0)}…
        </button>
      )}
    </section>
  );
}
