// What can be set about a picture: layout, what gathers peers, what makes links wide; and finding a peer.

import { useState } from "preact/hooks";
import { type Collapse, collapses, grouping } from "../model/grouping";
import { sitesOf } from "../model/places";
import type { Bench } from "../model/run";
import { watchRun } from "../state/bench";
import { adjust } from "../state/route";
import { setLasso } from "../state/selection";
import { by, collapse, fitAsked, goal, opened, sought } from "./settings";
import type { Layout } from "./talk";

const LAYOUT_NAMES: Record<Layout, [string, string]> = {
  ring: ["Ring", "On circles, by number"],
  grid: ["Grid", "In rows, by number"],
  force: ["Force", "Peers that exchange messages attract each other"],
  places: ["Places", "By the network's latencies: near is fast"],
  tree: ["Tree", "Through whom each peer first heard something; who began is in the middle"],
  own: ["Own", "Where the protocol says that its peers are"],
};

const COLLAPSE_NAMES: Record<Collapse, string> = {
  none: "Every peer",
  community: "By community",
  place: "By place",
  side: "By side",
  connected: "By connection",
};

/** The layouts that a run offers. */
export function layouts(bench: Bench): Layout[] {
  if (bench.aggregated) return ["grid", "ring", "force"];
  const out: Layout[] = ["ring", "force"];
  if (sitesOf(bench.run.plan)) out.push("places");
  if (bench.run.folder) out.push("tree");
  if (bench.positions.size > 0) out.push("own");
  return out;
}

/** The layout that is shown: the chosen one, if the run offers it. */
export function layoutOf(bench: Bench, chosen: Layout | null): Layout {
  const offered = layouts(bench);
  // What is asked for by address may be offered only once its news has come.
  if (chosen === "own" && !bench.aggregated) return chosen;
  return chosen && offered.includes(chosen) ? chosen : (offered[0] ?? "ring");
}

export function Tools({ bench, now }: { bench: Bench; now: Layout }) {
  watchRun();
  return (
    <>
      <Find bench={bench} />
      <span class="grow" />
      <Gather bench={bench} />
      <fieldset class="segments" aria-label="Width of links">
        {(["count", "bytes"] as const).map((name) => (
          <button
            type="button"
            key={name}
            data-testid={`by-${name}`}
            aria-pressed={by.value === name}
            title={
              name === "count" ? "Links as wide as their messages" : "Links as wide as their bytes"
            }
            onClick={() => adjust({ by: name === "count" ? null : name })}
          >
            {name === "count" ? "Messages" : "Bytes"}
          </button>
        ))}
      </fieldset>
      <fieldset class="segments" aria-label="Layout">
        {layouts(bench).map((name, i) => (
          <button
            type="button"
            key={name}
            data-testid={`layout-${name}`}
            aria-pressed={now === name}
            title={LAYOUT_NAMES[name][1]}
            onClick={() => adjust({ layout: i === 0 ? null : name })}
          >
            {LAYOUT_NAMES[name][0]}
          </button>
        ))}
      </fieldset>
      <button
        type="button"
        class="plain"
        title="Show everything (f)"
        onClick={() => fitAsked.value++}
      >
        Fit
      </button>
    </>
  );
}

function Gather({ bench }: { bench: Bench }) {
  watchRun();
  const offered = collapses(bench);
  if (offered.length < 2) return null;
  const choose = (name: string) => {
    opened.value = [];
    adjust({ collapse: name === "none" ? null : name });
  };
  return (
    <>
      {opened.value.length > 0 && (
        <button
          type="button"
          class="plain"
          title="Gather the peers of opened groups again"
          onClick={() => {
            opened.value = [];
          }}
        >
          Close
        </button>
      )}
      <select
        class="gather"
        data-testid="graph-collapse"
        aria-label="Gather peers into groups"
        title="Gather peers into groups; a click on one opens it"
        value={offered.includes(collapse.value) ? collapse.value : "none"}
        onChange={(event) => choose(event.currentTarget.value)}
      >
        {offered.map((name) => (
          <option key={name} value={name}>
            {COLLAPSE_NAMES[name]}
          </option>
        ))}
      </select>
    </>
  );
}

/** Opens the group that a peer is gathered in, if it is. */
function openGroupOf(bench: Bench, peer: number): void {
  const group = grouping(bench, collapse.peek())?.of[peer] ?? -1;
  if (group >= 0 && !opened.peek().includes(group)) opened.value = [...opened.peek(), group];
}

/** Finds a peer by its number or its name; Enter selects it and brings it into sight. */
function Find({ bench }: { bench: Bench }) {
  const [problem, setProblem] = useState<string | null>(null);
  const find = (text: string) => {
    const wanted = text.trim();
    if (wanted === "") return setProblem(null);
    const peer = bench.peers.named(wanted) ?? Number(wanted);
    if (!Number.isInteger(peer) || peer < 1 || peer > bench.size)
      return setProblem(`There is no peer ${wanted}: they are 1 to ${bench.size}`);
    setProblem(null);
    goal.value = null;
    setLasso([]);
    adjust({ peer });
    openGroupOf(bench, peer);
    sought.value = { peer };
    // The keys of the page work again.
    if (document.activeElement instanceof HTMLElement) document.activeElement.blur();
  };
  return (
    <form
      class="find"
      onSubmit={(event) => {
        event.preventDefault();
        find(new FormData(event.currentTarget).get("peer")?.toString() ?? "");
      }}
    >
      <input
        id="graph-find"
        name="peer"
        data-testid="graph-find"
        placeholder="Find a peer"
        aria-label="Find a peer by its number or name"
        aria-invalid={problem !== null}
        autocomplete="off"
        onInput={() => setProblem(null)}
      />
      {problem && (
        <p class="find-problem" role="alert" data-testid="graph-find-problem">
          {problem}
        </p>
      )}
    </form>
  );
}
