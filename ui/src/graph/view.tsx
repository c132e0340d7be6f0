// The graph: one picture for each community, the legend of kinds, and the peers as text.

import { useEffect } from "preact/hooks";
import type { Bench } from "../model/run";
import { watchRun } from "../state/bench";
import { adjust, route, selectedPeer } from "../state/route";
import { Legend } from "./legend";
import { PeerList } from "./list";
import { Picture } from "./picture";
import { followPlan } from "./plan";
import { goal, hiddenKinds, layout, opened } from "./settings";
import type { Layout } from "./talk";
import { layoutOf, Tools } from "./tools";
import { useTree } from "./tree";

/** Pictures side by side; more are chosen one at a time. */
const TILES_MAX = 4;

export function GraphView({ bench }: { bench: Bench }) {
  watchRun();
  useEffect(() => {
    hiddenKinds.value = new Set();
    opened.value = [];
    goal.value = null;
    return followPlan(bench);
  }, [bench]);
  // A path goes from the selected peer; without one there is none.
  useEffect(() => {
    if (selectedPeer.value === null) goal.value = null;
  }, [selectedPeer.value]);
  const names = bench.communities;
  const wanted = route.value.at === "run" ? route.value.community : null;
  const one = wanted === null ? -1 : names.indexOf(wanted);
  const shown = pictures(names.length, one);
  const size = bench.aggregated ? bench.groups.list.length : bench.peers.size;
  const now = layoutOf(bench, layout.value);
  return (
    <div class={names.length > 1 ? "graph many" : "graph"}>
      <div class="graph-tools">
        {names.length > 1 && <Communities names={names} one={one} />}
        <Tools bench={bench} now={now} />
      </div>
      <div class={`pictures tiles-${shown.length}`}>
        {shown.map((community, i) => (
          <figure key={`${community}`}>
            {shown.length > 1 && community !== null && <figcaption>{names[community]}</figcaption>}
            {bench.greeted && (
              <Tile bench={bench} community={community} layout={now} first={i === 0} />
            )}
          </figure>
        ))}
      </div>
      {size === 0 && (
        <p class="graph-empty">
          Waiting for the first peer. It appears here as soon as it has started.
        </p>
      )}
      <Legend bench={bench} />
      {!bench.aggregated && <PeerList bench={bench} />}
    </div>
  );
}

interface TileProps {
  bench: Bench;
  community: number | null;
  layout: Layout;
  first: boolean;
}

function Tile({ bench, community, layout: now, first }: TileProps) {
  const name = community === null ? null : (bench.communities[community] ?? null);
  const tree = useTree(bench, name, now === "tree");
  return (
    <>
      <Picture
        bench={bench}
        community={community}
        layout={now}
        branches={tree.branches}
        name={first ? "graph-canvas" : `graph-canvas-${community}`}
      />
      {tree.problem && (
        <p class="notice over" role="alert">
          {tree.problem}
        </p>
      )}
    </>
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
