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
import { columns, type Direction, groupsOf, plotOf } from "./groups";
import "./metrics.css";

/** Columns that a run's time is divided into. */
const WIDTH = 600;
const EVERY_MS = 1000;

/** Groups that a person has put away. */
const hidden = signal<ReadonlySet<string>>(new Set());

/** Which way messages are counted by kind. */
const direction = signal<Direction>("sent");
const DIRECTIONS: readonly Direction[] = ["sent", "delivered", "lost"];

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
  const shown = groupsOf(of, direction.value).map((group) => ({ id: group.id, name: group.title }));
  const names = [...shown, ...of.histograms.map((h) => ({ id: h.id, name: latencyTitle(h.name) }))];
  return (
    <div class="metrics-chooser" role="toolbar" aria-label="Which plots are shown">
      <label class="sweep-choice">
        By kind, count messages
        <select
          data-testid="metrics-direction"
          value={direction.value}
          onChange={(event) => {
            direction.value = event.currentTarget.value as Direction;
          }}
        >
          {DIRECTIONS.map((one) => (
            <option key={one} value={one}>
              {one}
            </option>
          ))}
        </select>
      </label>
      <details class="chips">
        <summary>
          {names.filter((one) => !hidden.value.has(one.id)).length} of {names.length} plots
        </summary>
        {names.map(({ id, name }) => (
          <button
            type="button"
            key={id}
            class="chip"
            aria-pressed={!hidden.value.has(id)}
            onClick={() => toggle(id)}
          >
            {name}
          </button>
        ))}
      </details>
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

function latencyTitle(kind: string): string {
  return `Latency of ${kind}`;
}

function Plots({ of, bench }: { of: Metrics; bench: Bench }) {
  const x = columns(of);
  const dark = theme.value === "dark";
  const at = cursor.value?.t ?? null;
  const shown = groupsOf(of, direction.value).filter((group) => !hidden.value.has(group.id));
  const histograms = of.histograms.filter((h) => !hidden.value.has(h.id));
  if (shown.length + histograms.length === 0)
    return <p class="empty">Every plot is put away. Choose one above.</p>;
  return (
    <div class="plots">
      {shown.map((group) => (
        <PlotFigure
          key={group.id}
          id={group.id.replaceAll(/\W+/g, "-")}
          data={plotOf(group, x, bench.kinds, dark)}
          cursor={at}
          onPick={seek}
        />
      ))}
      {histograms.map((histogram, i) => {
        const kind = bench.kinds.indexOf(histogram.name);
        return (
          <HistogramFigure
            key={histogram.id}
            of={{
              ...histogram,
              id: histogram.id.replaceAll(/\W+/g, "-"),
              name: latencyTitle(histogram.name),
            }}
            color={kindColor(kind >= 0 ? kind : i, dark)}
          />
        );
      })}
    </div>
  );
}
