// Statecharts: where peers tell which states they enter and leave, the chart that follows from it, with
// the selected peer's state lit, and how many peers are in each state at the cursor.

import type { RefObject } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { Chart } from "../api/history";
import type { Bench } from "../model/run";
import { experiments } from "../state/gallery";
import { adjust, go, route, selectedPeer } from "../state/route";
import { exact, plural, span } from "../words/format";
import { ChartPicture } from "./chart";
import { statesOf, useCharts } from "./charts";
import { useFlashes } from "./flash";
import type { Layout } from "./layout";

export function StatesView({ bench }: { bench: Bench }) {
  const { charts, error, t } = useCharts(bench);
  const flashes = useFlashes(bench);
  const wanted = route.value.at === "run" ? route.value.community : null;
  const chart = charts?.charts.find((c) => c.name === wanted) ?? charts?.charts[0] ?? null;
  const stage = useRef<HTMLElement>(null);
  const layout = useLayout(chart, stage);
  const peer = selectedPeer.value;
  if (error && !charts) return <p class="empty">{error}</p>;
  if (!charts) return <p class="empty">Reading the states…</p>;
  if (!chart) return <NoStates bench={bench} />;
  return (
    <div class="states">
      <div class="states-tools">
        {charts.charts.length > 1 && <Choice charts={charts.charts} now={chart} />}
        <PeerChoice bench={bench} />
        <p class="states-words number" data-testid="states-words" role="status">
          {t === null ? "At the end of what is recorded" : `At ${span(t)}`}:{" "}
          {peer === null ? countsSentence(chart) : peerSentence(chart, peer, charts)}
        </p>
      </div>
      <section
        class="states-stage"
        ref={stage}
        aria-label={`Statechart of ${chart.name || "the peers"}`}
      >
        {layout && <ChartPicture {...{ bench, chart, charts, layout, peer, flashes }} />}
      </section>
      {error && (
        <p class="notice" role="alert">
          {error}
        </p>
      )}
    </div>
  );
}

/** "3 peers in follower, 1 in leader" */
function countsSentence(chart: Chart): string {
  const held = chart.states.filter((state) => state.peers_now > 0);
  if (held.length === 0) return "no peer is in any state.";
  return `${held
    .map(({ name, peers_now }, i) =>
      i === 0 ? `${plural(peers_now, "peer")} in ${name}` : `${exact(peers_now)} in ${name}`,
    )
    .join(", ")}.`;
}

function peerSentence(chart: Chart, peer: number, charts: Parameters<typeof statesOf>[0]): string {
  const states = statesOf(charts, chart.name, peer);
  return states.length > 0
    ? `peer ${peer} is in ${states.join(" › ")}.`
    : `peer ${peer} is in no state.`;
}

/** Arranges the chart, with a library that comes only now; the same states keep their places. */
function useLayout(chart: Chart | null, stage: RefObject<HTMLElement | null>): Layout | null {
  const [layout, setLayout] = useState<Layout | null>(null);
  const shape = chart && JSON.stringify(shapeOf(chart));
  useEffect(() => {
    let late = false;
    if (chart)
      void import("./arrange").then(({ layoutOf }) => {
        if (late) return;
        const across = layoutOf(chart, true);
        const down = layoutOf(chart, false);
        setLayout(scaleIn(stage.current, down) > scaleIn(stage.current, across) ? down : across);
      });
    return () => {
      late = true;
    };
  }, [shape]);
  // Until the new chart is arranged, the old arrangement does not fit it.
  const fits = layout && chart?.states.every((s) => layout.boxes.some((b) => b.name === s.name));
  return fits ? layout : null;
}

/** How large a chart can be drawn in an element. */
function scaleIn(stage: HTMLElement | null, layout: Layout): number {
  if (!stage) return 0;
  return Math.min(1, stage.clientWidth / layout.width, stage.clientHeight / layout.height);
}

/** What decides where things lie: not the counts. */
function shapeOf(chart: Chart) {
  return {
    states: chart.states.map(({ name, parent }) => [name, parent]),
    arrows: chart.transitions.map(({ from, to, triggers }) => [from, to, triggers.map(([n]) => n)]),
    initial: chart.initial,
  };
}

function Choice({ charts, now }: { charts: readonly Chart[]; now: Chart }) {
  return (
    <fieldset class="segments" aria-label="Chart">
      {charts.map(({ name }) => (
        <button
          type="button"
          key={name}
          aria-pressed={name === now.name}
          onClick={() => adjust({ community: name })}
        >
          {name || "peers"}
        </button>
      ))}
    </fieldset>
  );
}

/** With more peers than this, the number is typed. */
const LISTED_MAX = 200;

function PeerChoice({ bench }: { bench: Bench }) {
  const peer = selectedPeer.value;
  const choose = (text: string) => {
    const id = Number(text);
    adjust({ peer: Number.isInteger(id) && id > 0 && id <= bench.run.peers ? id : null });
  };
  if (bench.run.peers > LISTED_MAX)
    return (
      <input
        class="short number"
        type="text"
        inputMode="numeric"
        placeholder="peer"
        aria-label="Peer whose states are lit"
        data-testid="states-peer"
        value={peer ?? ""}
        onChange={(event) => choose(event.currentTarget.value)}
      />
    );
  return (
    <select
      aria-label="Peer whose states are lit"
      data-testid="states-peer"
      value={String(peer ?? "")}
      onChange={(event) => choose(event.currentTarget.value)}
    >
      <option value="">all peers</option>
      {Array.from({ length: bench.run.peers }, (_, i) => i + 1).map((id) => (
        <option key={id} value={id}>
          peer {bench.peers.label(id)}
        </option>
      ))}
    </select>
  );
}

/** The experiment whose peers tell their states. */
const TELLS_STATES = "election";

function NoStates({ bench }: { bench: Bench }) {
  const known = experiments.value?.some((e) => e.name === TELLS_STATES && !e.broken);
  return (
    <div class="empty" data-testid="no-states">
      <div>
        <p>
          No peer of {bench.run.title || bench.run.name} has told of a state. A protocol does so
          when it enters and leaves one; then its chart is drawn here.
        </p>
        {known && (
          <button
            type="button"
            class="plain"
            onClick={() => go({ at: "bench", experiment: TELLS_STATES })}
          >
            Open one that does: election
          </button>
        )}
      </div>
    </div>
  );
}
