// Runs beside each other: on one timeline, at one moment, in one table.

import { useEffect, useMemo, useState } from "preact/hooks";
import { figures, type Metrics } from "../api/figures";
import { PlotFigure } from "../plot/figure";
import { runs as allRuns, loadRuns } from "../state/gallery";
import { usePolled } from "../state/polled";
import { theme } from "../state/preferences";
import { format, go, runRoute } from "../state/route";
import { moment, span } from "../words/format";
import { FirstDifference } from "./difference";
import { Compared } from "./lines";
import { RUNS_MAX, runColor, runDash, runLetter } from "./looks";
import { measures, overlay } from "./overlay";
import { RunPicture } from "./picture";
import { Differing, Totals } from "./tables";
import "../metrics/metrics.css";
import "./compare.css";

const WIDTH = 600;
const EVERY_MS = 2000;

export function CompareView({ runs }: { runs: string[] }) {
  useEffect(() => void loadRuns(), []);
  if (runs.length < 2)
    return (
      <div class="page-view" data-testid="compare">
        <h1>Compare runs</h1>
        <Chosen runs={runs} />
        <p class="empty">Choose two runs or more to see them on one timeline.</p>
      </div>
    );
  return <Comparing key={runs.join(",")} ids={runs} />;
}

function Comparing({ ids }: { ids: string[] }) {
  const isLive = () =>
    ids.some((id) => allRuns.peek()?.some((run) => run.id === id && run.state !== "ended"));
  const known = usePolled(
    ids.join(","),
    (stop) => figures.compare(ids, stop),
    EVERY_MS,
    () => !isLive(),
  );
  const all = usePolled(
    ids.join(","),
    (stop) => Promise.all(ids.map((id) => figures.metrics(id, WIDTH, stop).catch(() => null))),
    EVERY_MS,
    () => !isLive(),
  );
  const metrics: (Metrics | null)[] = all.value ?? ids.map(() => null);
  const to = Math.max(0, ...metrics.map((one) => one?.to ?? 0));
  const [at, setAt] = useState<number | null>(null);
  const comparison = known.value;
  return (
    <div class="page-view" data-testid="compare">
      <h1>Compare {ids.length} runs</h1>
      <Chosen runs={ids} />
      {(known.error ?? all.error) && (
        <p class="notice" role="alert">
          {known.error ?? all.error}
        </p>
      )}
      {!comparison && !known.error && <p class="empty">Comparing…</p>}
      {comparison && <FirstDifference of={comparison} />}
      <Pictures ids={ids} at={at} to={to} move={setAt} />
      <Overlays all={metrics} ids={ids} at={at} move={setAt} />
      {comparison && (
        <div class="compare-tables">
          <Totals of={comparison} />
          <Differing of={comparison} />
        </div>
      )}
    </div>
  );
}

/** The runs that are compared: open one, let go of one, add one. */
function Chosen({ runs }: { runs: string[] }) {
  const dark = theme.value === "dark";
  const known = allRuns.value ?? [];
  const others = known.filter((run) => !runs.includes(run.id) && !runs.includes(run.name));
  const set = (next: string[]) => go({ at: "compare", runs: next });
  return (
    <ul class="compare-runs" aria-label="Runs that are compared">
      {runs.map((id, place) => {
        const run = known.find((one) => one.id === id || one.name === id);
        return (
          <li key={id} data-run={id}>
            <svg width="26" height="8" aria-hidden="true">
              <line
                x1="0"
                x2="26"
                y1="4"
                y2="4"
                stroke={runColor(place, dark)}
                stroke-width="3"
                stroke-dasharray={runDash(place)}
              />
            </svg>
            <strong>{runLetter(place)}</strong>
            <a href={format(runRoute(id))}>{run?.title || run?.experiment || id}</a>
            {run && (
              <span class="quiet">
                {run.peers} {run.mode === "processes" ? "processes" : "peers"}, seed {run.seed},{" "}
                {moment(run.started)}
              </span>
            )}
            <button
              type="button"
              class="plain"
              aria-label={`Leave run ${runLetter(place)} out`}
              onClick={() => set(runs.filter((one) => one !== id))}
            >
              ×
            </button>
          </li>
        );
      })}
      {runs.length < RUNS_MAX && others.length > 0 && (
        <li>
          <select
            aria-label="Add a run"
            data-testid="compare-add"
            value=""
            onChange={(event) => set([...runs, event.currentTarget.value])}
          >
            <option value="">Add a run…</option>
            {others.slice(0, 200).map((run) => (
              <option key={run.id} value={run.id}>
                {run.title || run.experiment}, {run.peers} peers, seed {run.seed},{" "}
                {moment(run.started)}
              </option>
            ))}
          </select>
        </li>
      )}
    </ul>
  );
}

interface AtProps {
  ids: string[];
  at: number | null;
  move: (t: number) => void;
}

/** The runs' pictures at one moment, and the scrubber that moves them together. */
function Pictures({ ids, at, to, move }: AtProps & { to: number }) {
  const lines = useMemo(() => ids.map((id) => new Compared(id)), []);
  useEffect(
    () => () => {
      for (const line of lines) line.close();
    },
    [],
  );
  useEffect(() => {
    // A dragged scrubber asks for many moments; the last of a tenth of a second counts.
    const soon = setTimeout(() => {
      for (const line of lines) line.seek(at);
    }, 100);
    return () => clearTimeout(soon);
  }, [at]);
  return (
    <section>
      <h2>At the same moment</h2>
      <label class="compare-scrubber">
        <input
          type="range"
          min="0"
          max={to || 1}
          step={(to || 1) / 1000}
          value={at ?? to}
          data-testid="compare-scrubber"
          aria-label="Moment of all runs"
          onInput={(event) => move(Number(event.currentTarget.value))}
        />
        <span class="number">{span(at ?? to)}</span>
      </label>
      <div class="compare-pictures">
        {lines.map((line, place) => (
          <div key={line.id} data-picture={runLetter(place)}>
            <h3>{runLetter(place)}</h3>
            <RunPicture of={line} title={`Run ${runLetter(place)}`} />
          </div>
        ))}
      </div>
    </section>
  );
}

/** Measures of all runs in one plot each. */
function Overlays({ all, ids, at, move }: AtProps & { all: (Metrics | null)[] }) {
  const dark = theme.value === "dark";
  const list = measures(all);
  const names = ids.map((id) => {
    const run = allRuns.value?.find((one) => one.id === id || one.name === id);
    return run ? `${run.experiment}, seed ${run.seed}` : id;
  });
  const [more, setMore] = useState(false);
  const shown = more ? list : list.slice(0, 6);
  if (list.length === 0) return null;
  return (
    <section>
      <h2>On one timeline</h2>
      <div class="plots">
        {shown.map((measure) => (
          <PlotFigure
            key={measure.id}
            id={measure.id.replaceAll(/\W+/g, "-")}
            data={overlay(measure, all, names, dark)}
            cursor={at}
            onPick={move}
          />
        ))}
      </div>
      {list.length > 6 && (
        <button type="button" class="plain" aria-expanded={more} onClick={() => setMore(!more)}>
          {more ? "Fewer measures" : `${list.length - 6} more measures`}
        </button>
      )}
    </section>
  );
}
