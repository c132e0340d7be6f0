// The run as a whole: what was asked, and what came of it.

import type { Run } from "../api/types";
import type { Bench } from "../model/run";
import { words } from "../setup/field";
import { watchRun } from "../state/bench";
import { adopt, canAdopt } from "../state/draft";
import { leftFolded, leftTab } from "../state/preferences";
import { shortly } from "../words/faults";
import { exact, moment, span } from "../words/format";
import { Faults, Parent, Violations } from "./history";

export function RunPanel({ bench }: { bench: Bench }) {
  watchRun();
  const run = bench.present;
  const asked = Object.keys(run.values ?? {}).length > 0 ? run.values : run.parameters;
  const parameters = Object.entries(asked ?? {});
  return (
    <div data-testid="run-panel">
      <p class="quiet">Select a peer in the picture or a table to look into it.</p>
      <Parent run={run} />
      <Violations run={run} />
      <dl class="facts">
        <dt>experiment</dt>
        <dd>{run.experiment || run.title}</dd>
        <dt>mode</dt>
        <dd>{run.mode}</dd>
        <dt>peers</dt>
        <dd class="number">{exact(run.peers)}</dd>
        {run.seed != null && (
          <>
            <dt>seed</dt>
            <dd class="number">{String(run.seed)}</dd>
          </>
        )}
        <dt>started</dt>
        <dd class="number">{moment(run.started)}</dd>
        <dt>run time</dt>
        <dd class="number" title={`${span(run.wall_seconds)} of wall time`}>
          {span(run.virtual_seconds)}
        </dd>
        <dt>events</dt>
        <dd class="number">{exact(run.events)}</dd>
        {run.digest && (
          <>
            <dt>digest</dt>
            <dd class="code wrap">{run.digest}</dd>
          </>
        )}
        {run.pids.length > 0 && (
          <>
            <dt>processes</dt>
            <dd class="number wrap">
              {run.pids.slice(0, 40).join(" ")}
              {run.pids.length > 40 ? " …" : ""}
            </dd>
          </>
        )}
        <dt>folder</dt>
        <dd class="code wrap">{run.folder ?? "not recorded"}</dd>
      </dl>
      <Faults run={run} />
      {parameters.length > 0 && (
        <>
          <h3>
            Parameters
            {canAdopt(run) && (
              <button
                type="button"
                class="plain"
                title="Fill the form with them"
                onClick={() => again(run)}
              >
                Use again
              </button>
            )}
          </h3>
          <dl class="facts">
            {parameters.map(([name, value]) => (
              <Parameter key={name} name={name} value={value} />
            ))}
          </dl>
        </>
      )}
    </div>
  );
}

/** Fills the form, and shows it. */
function again(run: Run): void {
  adopt(run);
  leftTab.value = "experiments";
  leftFolded.value = false;
}

function Parameter({ name, value }: { name: string; value: unknown }) {
  return (
    <>
      <dt>{words(name)}</dt>
      <dd class="code wrap">{shortly(value)}</dd>
    </>
  );
}
