// Metrics: what the run measured, over its time, with the cursor that all views share.

import { signal } from "@preact/signals";
import { figures, type Metrics } from "../api/figures";
import { kindColor } from "../graph/colors";
import type { Bench } from "../model/run";
import { HistogramFigure, PlotFigure } from "../plot/figure";
import { watchRun } from "../state/bench";
import { cursor, seek } from "../state/cursor";
import { usePolled } from "../state/polled";
import { theme } from "../state/preferences";
import { columns, grouped, plotOf } from "./groups";
import "./metrics.css";

/** Columns that a run's time is divided into. */
const WIDTH = 600;
const EVERY_MS = 1000;

/** Groups that a person has put away. */
const hidden = signal<ReadonlySet<string>>(new Set());

function toggle(group: string): void {
  const next = new Set(hidden.peek());
  if (!next.delete(group)) next.add(group);
  hidden.value = next;
}

export function MetricsView({ bench }: { bench: Bench }) {
  watchRun();
  const id = bench.run.id;
  const isOver = () => bench.run.state === "ended" && bench.loading === null;
  const known = usePolled(
    `${id} ${bench.run.state}`,
    (stop) => figures.metrics(id, WIDTH, stop),
    EVERY_MS,
    isOver,
  );
  if (!known.value) return <p class="empty">{known.error ?? "Reading what the run measured…"}</p>;
  return (
    <div class="metrics" data-testid="metrics" data-series={known.value.series.length}>
      {known.error && (
        <p class="notice" role="alert">
          {known.error}
        </p>
      )}
      <Chooser of={known.value} run={id} />
      <Plots of={known.value} bench={bench} />
    </div>
  );
}

function Chooser({ of, run }: { of: Metrics; run: string }) {
  const names = [...grouped(of).keys(), ...of.histograms.map((h) => h.name)];
  return (
    <div class="metrics-chooser" role="toolbar" aria-label="Which plots are shown">
      {names.map((name) => (
        <button
          type="button"
          key={name}
          class="chip"
          aria-pressed={!hidden.value.has(name)}
          onClick={() => toggle(name)}
        >
          {name}
        </button>
      ))}
      <span class="grow" />
      <a
        class="plain"
        href={`/api/runs/${encodeURIComponent(run)}/metrics.csv`}
        download={`${run}-metrics.csv`}
        data-testid="metrics-csv"
      >
        All as CSV
      </a>
    </div>
  );
}

function Plots({ of, bench }: { of: Metrics; bench: Bench }) {
  const x = columns(of);
  const dark = theme.value === "dark";
  const at = cursor.value?.t ?? null;
  const shown = [...grouped(of)].filter(([name]) => !hidden.value.has(name));
  const histograms = of.histograms.filter((h) => !hidden.value.has(h.name));
  if (shown.length + histograms.length === 0)
    return <p class="empty">Every plot is put away. Choose one above.</p>;
  return (
    <div class="plots">
      {shown.map(([name, group]) => (
        <PlotFigure
          key={name}
          id={group[0]?.group.replaceAll(/\W+/g, "-") ?? name}
          data={plotOf(name, group, x, bench.kinds, dark)}
          cursor={at}
          onPick={seek}
        />
      ))}
      {histograms.map((histogram, i) => {
        const kind = bench.kinds.findIndex((k) => histogram.name.includes(k));
        return (
          <HistogramFigure
            key={histogram.id}
            of={histogram}
            color={kindColor(kind >= 0 ? kind : i, dark)}
          />
        );
      })}
    </div>
  );
}
