// The middle of the page: the views of the open run, or the experiment that is about to run.

import type { ComponentType } from "preact";
import { CompareView } from "../compare/view";
import { ExploreView } from "../explore/view";
import { GraphView } from "../graph/view";
import { LogView } from "../log/view";
import { MetricsView } from "../metrics/view";
import type { Bench } from "../model/run";
import { ReplicasView } from "../replicas/view";
import { About } from "../setup/about";
import { SpacetimeView } from "../spacetime/view";
import { bench, benchError, watchRun } from "../state/bench";
import { adjust, route, VIEWS, type View } from "../state/route";
import { isOffered } from "../state/views";
import { StatesView } from "../states/view";
import { StoreView } from "../store/view";
import { SweepView } from "../sweep/view";
import { TargetsView } from "../targets/view";
import { percent } from "../words/format";
import { outcomeSentence } from "../words/sentences";

const TITLES: Record<View, string> = {
  graph: "Graph",
  spacetime: "Space-time",
  states: "States",
  metrics: "Metrics",
  targets: "Targets",
  log: "Log",
  replicas: "Replicas",
};

const VIEW_OF: Record<View, ComponentType<{ bench: Bench }>> = {
  graph: GraphView,
  spacetime: SpacetimeView,
  states: StatesView,
  metrics: MetricsView,
  targets: TargetsView,
  log: LogView,
  replicas: ReplicasView,
};

export function Centre() {
  const at = route.value;
  if (at.at === "bench")
    return (
      <main class="centre">
        <About />
      </main>
    );
  if (at.at !== "run")
    return (
      <main class="centre">
        <section class="view">
          {at.at === "compare" && <CompareView runs={at.runs} />}
          {at.at === "explore" && <ExploreView job={at.job} />}
          {at.at === "sweep" && <SweepView job={at.job} />}
          {at.at === "store" && <StoreView key={at.address} address={at.address} />}
        </section>
      </main>
    );
  const of = bench.value;
  return (
    <main class="centre">
      <div class="views" role="tablist" aria-label="Views">
        <Tabs of={of} at={at.view} />
        {of && <Outcome of={of} />}
      </div>
      {benchError.value && (
        <p class="notice" role="alert">
          {benchError.value}
        </p>
      )}
      {of ? (
        <section class="view" aria-label={TITLES[at.view]}>
          <OpenView of={of} view={at.view} />
        </section>
      ) : (
        !benchError.value && <p class="empty">Opening the run…</p>
      )}
    </main>
  );
}

function Tabs({ of, at }: { of: Bench | null; at: View }) {
  watchRun();
  const views = VIEWS.filter((view) => view === at || isOffered(view, of));
  return views.map((view) => (
    <button
      type="button"
      role="tab"
      class="tab"
      key={view}
      data-testid={`view-${view}`}
      aria-selected={at === view}
      title={`${TITLES[view]} (${VIEWS.indexOf(view) + 1})`}
      onClick={() => adjust({ view })}
    >
      {TITLES[view]}
    </button>
  ));
}

function OpenView({ of, view }: { of: Bench; view: View }) {
  const Shown = VIEW_OF[view];
  return <Shown bench={of} />;
}

function Outcome({ of }: { of: Bench }) {
  watchRun();
  if (of.loading !== null)
    return (
      <p class="outcome" role="status">
        Reading the recording: {percent(of.loading)}
      </p>
    );
  if (of.present.state !== "ended") return null;
  return (
    <p
      class={`outcome ${of.present.outcome ?? ""}`}
      data-testid="run-outcome"
      data-outcome={of.present.outcome ?? ""}
      role="status"
    >
      {outcomeSentence(of.present)}
    </p>
  );
}
