// Many seeds: how each ended, and the first that failed, made as small as it gets.

import { useState } from "preact/hooks";
import { LabError, lab } from "../api/client";
import { type Exploration, type Found, figures, type Shrinking } from "../api/figures";
import { loadExperiments } from "../state/gallery";
import { usePolled } from "../state/polled";
import { format, go, runRoute } from "../state/route";
import { exact, percent, plural } from "../words/format";
import { Mark, outcomeWords, tally, Wall } from "./wall";
import "../metrics/metrics.css";
import "./explore.css";

const EVERY_MS = 300;

export function ExploreView({ job }: { job: string }) {
  const { value, error } = usePolled(
    job,
    () => figures.exploration(job),
    EVERY_MS,
    (now) => now.state !== "running",
  );
  const [refused, setRefused] = useState<string | null>(null);
  if (!value) return <p class="empty">{error ?? "Asking the lab for this exploration…"}</p>;
  const attempt = async (deed: () => Promise<unknown>) => {
    try {
      await deed();
      setRefused(null);
    } catch (why) {
      setRefused(why instanceof LabError ? why.sentence : String(why));
    }
  };
  const look = (seed: number) =>
    attempt(async () => {
      const { experiment, values } = value;
      const order = { experiment, values: values ?? {}, as: "sim" as const, seed, speed: "max" };
      go(runRoute(await lab.start({ ...order, record: true })));
    });
  return (
    <div class="page-view" data-testid="explore" data-state={value.state} data-done={value.done}>
      <h1>
        {value.experiment}: seeds {exact(value.seeds[0])} to {exact(value.seeds[1])}
      </h1>
      <Progress of={value} stop={() => void attempt(() => figures.stopExploration(job))} />
      {(refused ?? error ?? value.error) && (
        <p class="notice" role="alert">
          {refused ?? error ?? value.error}
        </p>
      )}
      <Wall
        outcomes={value.outcomes}
        first={value.seeds[0]}
        found={value.found?.seed ?? value.failing[0] ?? null}
        pick={(seed) => void look(seed)}
      />
      <Key of={value} />
      <Verdict of={value} />
      {value.shrink && <Shrunk of={value.shrink} found={value.found} />}
      {value.found && <Smallest of={value.found} />}
    </div>
  );
}

function Progress({ of, stop }: { of: Exploration; stop: () => void }) {
  const many = of.seeds[1] - of.seeds[0] + 1;
  const share = many > 0 ? of.done / many : 1;
  return (
    <div class="job-progress">
      <div
        class="bar"
        role="progressbar"
        aria-label="Seeds that have run"
        aria-valuemin={0}
        aria-valuemax={many}
        aria-valuenow={of.done}
      >
        <i class="job-bar" style={{ width: `${share * 100}%` }} />
      </div>
      <span class="number">
        {exact(of.done)} of {plural(many, "seed")}, {percent(share)}
      </span>
      {of.state === "running" ? (
        <button type="button" class="plain" data-testid="explore-stop" onClick={stop}>
          Stop
        </button>
      ) : (
        <span class="quiet">{of.state === "stopped" ? "Stopped by hand." : "All have run."}</span>
      )}
    </div>
  );
}

function Key({ of }: { of: Exploration }) {
  return (
    <ul class="plot-key wall-key">
      {tally(of.outcomes).map(([letter, n]) => (
        <li key={letter} data-outcome={letter} data-count={n}>
          <svg width="12" height="12" aria-hidden="true">
            <Mark letter={letter} />
          </svg>
          {exact(n)} {outcomeWords(letter)}
        </li>
      ))}
    </ul>
  );
}

function Verdict({ of }: { of: Exploration }) {
  const [first] = of.failing;
  if (first === undefined)
    return (
      <p>
        {of.state === "running" ? "None has failed so far." : "None of the seeds that ran failed."}
      </p>
    );
  return (
    <p data-testid="first-failing" data-seed={first}>
      {plural(of.failing.length, "seed")} failed, the first of them {first}.
    </p>
  );
}

function Pair({ name, of }: { name: string; of: [number, number] | undefined }) {
  if (!of) return null;
  return (
    <li data-pair={name}>
      {name} <span class="number">{exact(of[0])}</span> →{" "}
      <strong class="number">{exact(of[1])}</strong>
    </li>
  );
}

function Shrunk({ of, found }: { of: Shrinking; found: Found | null }) {
  return (
    <section>
      <h2>{found ? "Made smaller" : "Making it smaller"}</h2>
      <ul class="shrink" data-testid="shrink" data-tries={of.tries}>
        <Pair name="faults" of={of.faults} />
        <Pair name="peers" of={of.peers} />
        <Pair name="messages" of={of.messages} />
        <li class="quiet">{plural(of.tries, "smaller case")} tried</li>
      </ul>
    </section>
  );
}

function Smallest({ of }: { of: Found }) {
  const there = of.run && runRoute(of.run, { view: "spacetime", event: of.event });
  return (
    <section data-testid="found" data-run={of.run ?? ""} data-event={of.event ?? ""}>
      <h2>The smallest case that fails</h2>
      <p>{of.text}</p>
      <p>
        Saved as the experiment{" "}
        <button
          type="button"
          class="link"
          onClick={() => {
            void loadExperiments();
            go({ at: "bench", experiment: of.experiment });
          }}
        >
          {of.experiment}
        </button>{" "}
        <span class="quiet">({of.file})</span>, which fails with seed {of.seed}.
      </p>
      {there && (
        <p>
          <a class="primary" href={format(there)} data-testid="open-found">
            {of.event ? "Open it at the event that shows it" : "Open it"}
          </a>
        </p>
      )}
    </section>
  );
}
