// A sweep: one parameter over several values, every value with every seed.

import { useState } from "preact/hooks";
import { LabError } from "../api/client";
import { figures, type Sweep } from "../api/figures";
import { kindColor } from "../graph/colors";
import { PlotFigure } from "../plot/figure";
import { inUnit } from "../plot/units";
import { usePolled } from "../state/polled";
import { theme } from "../state/preferences";
import { exact, percent, plural } from "../words/format";
import { measureName, sweepPlot } from "./points";
import "../metrics/metrics.css";
import "../compare/compare.css";
import "../explore/explore.css";

const EVERY_MS = 400;

export function SweepView({ job }: { job: string }) {
  const { value, error } = usePolled(
    job,
    () => figures.sweepOf(job),
    EVERY_MS,
    (now) => now.state !== "running",
  );
  const [chosen, setChosen] = useState<string | null>(null);
  const [refused, setRefused] = useState<string | null>(null);
  if (!value) return <p class="empty">{error ?? "Asking the lab for this sweep…"}</p>;
  const measure = chosen ?? value.measures[0] ?? null;
  const stop = async () => {
    try {
      await figures.stopSweep(job);
    } catch (why) {
      setRefused(why instanceof LabError ? why.sentence : String(why));
    }
  };
  return (
    <div class="page-view" data-testid="sweep" data-state={value.state}>
      <h1>
        {value.experiment}: {value.parameter} from {String(value.points[0]?.value)} to{" "}
        {String(value.points.at(-1)?.value)}
      </h1>
      <Progress of={value} stop={() => void stop()} />
      {(refused ?? error ?? value.error) && (
        <p class="notice" role="alert">
          {refused ?? error ?? value.error}
        </p>
      )}
      {measure ? (
        <>
          <label class="sweep-choice">
            Measure
            <select
              data-testid="sweep-measure"
              value={measure}
              onChange={(event) => setChosen(event.currentTarget.value)}
            >
              {value.measures.map((name) => (
                <option key={name} value={name}>
                  {measureName(name)}
                </option>
              ))}
            </select>
          </label>
          <PlotFigure
            id="sweep"
            height={300}
            data={sweepPlot(value, measure, kindColor(0, theme.value === "dark"))}
          />
          <p class="quiet">
            The line is the mean over seeds, the band reaches from the least to the most, a dot is
            one run.
          </p>
          <Points of={value} measure={measure} />
        </>
      ) : (
        <p class="empty">No run of it has ended yet.</p>
      )}
    </div>
  );
}

function Progress({ of, stop }: { of: Sweep; stop: () => void }) {
  const runs = of.points.reduce((sum, point) => sum + point.runs, 0);
  const done = of.points.reduce((sum, point) => sum + point.done, 0);
  const share = runs > 0 ? done / runs : 0;
  return (
    <div class="job-progress">
      <div
        class="bar"
        role="progressbar"
        aria-label="Runs of the sweep that have ended"
        aria-valuemin={0}
        aria-valuemax={runs}
        aria-valuenow={done}
      >
        <i class="job-bar" style={{ width: `${share * 100}%` }} />
      </div>
      <span class="number">
        {exact(done)} of {plural(runs, "run")}, {percent(share)}
      </span>
      {of.state === "running" && (
        <button type="button" class="plain" onClick={stop}>
          Stop
        </button>
      )}
    </div>
  );
}

function Points({ of, measure }: { of: Sweep; measure: string }) {
  const heads = ["mean", "sd", "min", "median", "max", "runs"];
  return (
    <table class="figures-table" data-testid="sweep-table">
      <thead>
        <tr>
          <th scope="col">{of.parameter}</th>
          {heads.map((head) => (
            <th scope="col" key={head}>
              {head}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {of.points.map((point) => {
          const found = point.measures[measure];
          const cells = found ? [found.mean, found.sd, found.min, found.p50, found.max] : null;
          return (
            <tr key={String(point.value)} data-point={String(point.value)}>
              <th scope="row">{String(point.value)}</th>
              {cells
                ? cells.map((cell, i) => (
                    <td key={heads[i]} class="number" data-value={cell}>
                      {inUnit(cell, found?.unit ?? "")}
                    </td>
                  ))
                : heads.slice(1).map((head) => <td key={head}>–</td>)}
              <td class="number">
                {point.done} of {point.runs}
              </td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}
