// The graph: one picture for each community, the legend of kinds, and the peers as text.

import { useEffect } from "preact/hooks";
import type { Bench } from "../model/run";
import { watchRun } from "../state/bench";
import { adjust, route } from "../state/route";
import { exact, plural } from "../words/format";
import { Legend } from "./legend";
import { PeerList } from "./list";
import { Picture } from "./picture";
import { fitAsked, hiddenKinds, layout } from "./settings";

/** Pictures side by side; more are chosen one at a time. */
const TILES_MAX = 4;

export function GraphView({ bench }: { bench: Bench }) {
  watchRun();
  useEffect(() => {
    hiddenKinds.value = new Set();
  }, [bench]);
  const names = bench.communities;
  const wanted = route.value.at === "run" ? route.value.community : null;
  const one = wanted === null ? -1 : names.indexOf(wanted);
  const shown = pictures(names.length, one);
  const size = bench.aggregated ? bench.groups.list.length : bench.peers.size;
  return (
    <div class={names.length > 1 ? "graph many" : "graph"}>
      <div class="graph-tools">
        {names.length > 1 && <Communities names={names} one={one} />}
        <span class="grow" />
        <fieldset class="segments" aria-label="Layout">
          {(["circle", "force"] as const).map((name) => (
            <button
              type="button"
              key={name}
              aria-pressed={layout.value === name}
              onClick={() => {
                layout.value = name;
              }}
            >
              {bench.aggregated && name === "circle"
                ? "Grid"
                : name === "circle"
                  ? "Circle"
                  : "Force"}
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
      </div>
      <div class={`pictures tiles-${shown.length}`}>
        {shown.map((community, i) => (
          <figure key={`${community}`}>
            {shown.length > 1 && community !== null && <figcaption>{names[community]}</figcaption>}
            <Picture
              bench={bench}
              community={community}
              layout={layout.value}
              name={i === 0 ? "graph-canvas" : `graph-canvas-${community}`}
            />
          </figure>
        ))}
      </div>
      {size === 0 && (
        <p class="graph-empty">
          Waiting for the first peer. It appears here as soon as it has started.
        </p>
      )}
      <Legend bench={bench} />
      {bench.aggregated && <GroupsSentence bench={bench} />}
      {!bench.aggregated && <PeerList bench={bench} />}
    </div>
  );
}

/** Which communities get a picture; null stands for all peers together. */
function pictures(count: number, one: number): (number | null)[] {
  if (one >= 0) return [one];
  if (count < 2) return [null];
  return Array.from({ length: Math.min(count, TILES_MAX) }, (_, i) => i);
}

function Communities({ names, one }: { names: string[]; one: number }) {
  return (
    <fieldset class="segments" aria-label="Community">
      <button type="button" aria-pressed={one < 0} onClick={() => adjust({ community: null })}>
        {names.length > TILES_MAX ? `First ${TILES_MAX}` : "All"}
      </button>
      {names.map((name, i) => (
        <button
          type="button"
          key={name}
          aria-pressed={i === one}
          onClick={() => adjust({ community: name })}
        >
          {name}
        </button>
      ))}
    </fieldset>
  );
}

function GroupsSentence({ bench }: { bench: Bench }) {
  const { groups } = bench;
  return (
    <p class="graph-words">
      {plural(bench.run.peers, "peer")} in {plural(groups.list.length, "group")} of{" "}
      {exact(groups.each)}: {exact(groups.up)} up, {exact(groups.done)} done
    </p>
  );
}
