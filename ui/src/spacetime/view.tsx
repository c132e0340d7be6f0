// Space-time: peers as lines, messages as arrows, time from left to right. Above it what is searched for,
// below it why the selected event happened.

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Bench } from "../model/run";
import { SEARCH_ID } from "../search/box";
import { FoundList } from "../search/found";
import { followSearch } from "../search/state";
import { watchRun } from "../state/bench";
import { cursor, playing } from "../state/cursor";
import { adjust, route } from "../state/route";
import { useChosen, useEdges } from "./chosen";
import { Diagram } from "./diagram";
import { Drawer, useDrawer } from "./drawer";
import { EventsInSight } from "./events";
import { around, inside, SPAN_S_MIN } from "./geometry";
import { drawer } from "./settings";
import { type Sight, useLandmarks, useSight } from "./sight";
import type { Stage } from "./stage";
import { Tools } from "./tools";
import { ConeWords, Why } from "./why";
import { Words } from "./words";

/** A path is shown with so much room around it, as a share of its length. */
const PATH_MARGIN = 0.15;

/** Where the cursor comes back into sight, as a share of the span. */
const PLAYED_SHARE = 0.1;

const NOTHING = { rows: null, event: null };

export function SpacetimeView({ bench }: { bench: Bench }) {
  watchRun();
  const at = route.value.at === "run" ? route.value : NOTHING;
  const stage = useRef<Stage | null>(null);
  const [hover, setHover] = useState<string | null>(null);
  const sight = useSight(bench);
  const landmarks = useLandmarks(bench);
  const lit = useChosen(bench.run, at.event, hover);
  const shown = lit.selected ?? lit.hovered;
  const cones = useEdges(bench.run.id, shown?.cones ?? null, sight.picture);
  useEffect(followSearch, []);
  useSearchKey();
  useDrawer(at.event);

  // What is selected must have a row, and be in sight.
  useEffect(() => {
    const event = lit.selected?.event;
    if (!event || !sight.picture) return;
    if (event.peer > 0 && !sight.picture.rowOf.has(event.peer)) sight.addRows([event.peer]);
    const [from, to] = sight.span;
    if (event.t < from || event.t > to) sight.look(around(event.t, to - from, sight.end));
    const row = sight.picture.rowOf.get(event.peer);
    if (row !== undefined) stage.current?.reveal(row);
  }, [lit.selected?.event.id, sight.picture === null]);
  useFollow(sight);
  // So must both ends of a selected link.
  const link = route.value.at === "run" ? route.value.link : null;
  useEffect(() => {
    const missing = link?.filter((peer) => sight.picture && !sight.picture.rowOf.has(peer)) ?? [];
    if (missing.length > 0) sight.addRows(missing);
  }, [link?.join(), sight.picture === null]);

  const path = lit.selected?.cones.path ?? [];
  const showPath = () => {
    const [first, last] = [path[0], path.at(-1)];
    if (!first || !last) return;
    sight.addRows([...new Set(path.map((event) => event.peer))]);
    const margin = Math.max((last.t - first.t) * PATH_MARGIN, SPAN_S_MIN, 1e-4);
    sight.look(inside([first.t - margin, last.t + margin], sight.end));
  };
  const onlyPath = () => {
    const peers = [...new Set(path.map((event) => event.peer))].filter((peer) => peer > 0);
    adjust({ rows: peers });
  };
  const pinned = useMemo(() => new Set(at.rows ?? []), [at.rows]);
  return (
    <div class="spacetime">
      <Tools
        bench={bench}
        picture={sight.picture}
        showAll={sight.showAll}
        reorder={sight.reorder}
      />
      {sight.error && (
        <p class="notice" role="alert">
          {sight.error}
        </p>
      )}
      <div class="spacetime-stage" aria-busy={sight.busy} data-testid="spacetime-stage">
        <Diagram
          {...{ bench, landmarks, cones, pinned, stage }}
          {...{ picture: sight.picture, span: sight.span, end: sight.end }}
          selected={lit.selected}
          moved={sight.moved}
          resized={sight.resized}
          hovered={setHover}
          showAll={sight.showAll}
        />
        {sight.picture && sight.picture.peers.length === 0 && (
          <p class="graph-empty">
            Nothing has happened here. Fit shows the whole run; it needs a recording.
          </p>
        )}
      </div>
      <Words bench={bench} picture={sight.picture} span={sight.span} landmarks={landmarks} />
      <Drawer aside={shown && <ConeWords cones={shown.cones} />}>
        {drawer.value === "why" && (
          <Why
            {...{ bench, showPath, onlyPath }}
            chosen={lit.selected}
            error={at.event ? lit.error : null}
          />
        )}
        {drawer.value === "found" && <FoundList bench={bench} />}
        {drawer.value === "events" && sight.picture && (
          <EventsInSight bench={bench} picture={sight.picture} sight={sight.span} />
        )}
      </Drawer>
    </div>
  );
}

/** While the run is played, the cursor stays in sight. */
function useFollow({ span, end, look }: Sight): void {
  const t = playing.value ? (cursor.value?.t ?? null) : null;
  useEffect(() => {
    if (t === null || (t >= span[0] && t <= span[1])) return;
    const wide = span[1] - span[0];
    look(inside([t - wide * PLAYED_SHARE, t + wide * (1 - PLAYED_SHARE)], end));
  }, [t]);
}

/** The slash goes to the search, unless somebody types. */
function useSearchKey(): void {
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      const at = event.target;
      const typing = at instanceof HTMLElement && at.closest("input, select, textarea, dialog");
      if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || typing) return;
      document.getElementById(SEARCH_ID)?.focus();
      event.preventDefault();
    };
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, []);
}
