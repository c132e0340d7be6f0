// One community's picture: the painted canvas, rings and lasso over it, and a tooltip.

import { useEffect, useRef, useState } from "preact/hooks";
import type { Bench } from "../model/run";
import { bench as open, say, watchRun } from "../state/bench";
import { still, theme } from "../state/preferences";
import { adjust, route, selectedPeer } from "../state/route";
import { lassoed, setLasso } from "../state/selection";
import { plural } from "../words/format";
import { readPalette } from "./colors";
import { attachHands } from "./hands";
import type { Branch } from "./layout/tree";
import { cellsInSight } from "./looking";
import { Overlay } from "./overlay";
import { by, collapse, fitAsked, goal, hiddenKinds, opened, sought, toggleGroup } from "./settings";
import type { Stage } from "./stage";
import { enter, leave, type Studio } from "./studio";
import { groupOfUnit, type Layout, type Report, type Style } from "./talk";
import { type Tip, Tooltip, tipOfLink, tipOfUnit } from "./tip";
import { packed } from "./tree";
import { Words } from "./words";

interface Props {
  bench: Bench;
  community: number | null;
  layout: Layout;
  /** The tree of first deliveries, when it is shown. */
  branches: readonly Branch[];
  /** The first picture carries the name that tests look for. */
  name: string;
}

/** Tests that set this in the browser's storage can ask where discs are. */
const DEBUG_KEY = "rumormill-debug";

/** What is looked into is told to the lab once the camera has rested so long. */
const LOOK_MS = 150;

export function Picture({ bench, community, layout, branches, name }: Props) {
  watchRun();
  const host = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const svg = useRef<SVGSVGElement>(null);
  const [parts, setParts] = useState<Parts | null>(null);
  const [tip, setTip] = useState<Tip | null>(null);
  const [report, setReport] = useState<Report | null>(null);
  const tree = useRef(branches);
  tree.current = branches;

  useEffect(() => {
    if (!host.current || !canvas.current || !svg.current) return;
    const made = assemble(bench, community, layout, host.current, canvas.current, svg.current, {
      report: setReport,
      tip: setTip,
      branches: () => tree.current,
    });
    setParts(made);
    return () => {
      made.end();
      setParts(null);
      setTip(null);
    };
  }, [bench, community]);

  const stage = parts?.stage;
  useEffect(() => stage?.style({ layout }), [stage, layout]);
  useEffect(() => stage?.style({ collapse: collapse.value }), [stage, collapse.value]);
  useEffect(() => stage?.style({ opened: opened.value }), [stage, opened.value]);
  useEffect(() => stage?.style({ by: by.value }), [stage, by.value]);
  useEffect(() => {
    stage?.style({ hiddenKinds: [...hiddenKinds.value] });
  }, [stage, hiddenKinds.value]);
  useEffect(
    () => stage?.style({ palette: readPalette(theme.value === "dark") }),
    [stage, theme.value],
  );
  useEffect(() => stage?.style({ still: still.value }), [stage, still.value]);
  useEffect(() => stage?.style({ lassoed: lassoed.value }), [stage, lassoed.value]);
  useEffect(() => {
    if (parts) parts.select(selectedPeer.value, goal.value);
  }, [parts, selectedPeer.value, goal.value]);
  const link = route.value.at === "run" ? route.value.link : null;
  useEffect(() => stage?.style({ link }), [stage, link?.join()]);
  useEffect(() => {
    if (fitAsked.value > 0) stage?.fit();
  }, [fitAsked.value]);
  useEffect(() => {
    if (sought.value) stage?.goTo(sought.value.peer);
  }, [sought.value]);
  useEffect(() => parts?.grow(packed(branches)), [parts, branches]);
  useEffect(() => parts?.studio.replan(bench.run.plan), [parts, bench.run.plan]);

  return (
    <div class="picture" ref={host}>
      <canvas
        ref={canvas}
        data-testid={name}
        data-peers={report?.units ?? 0}
        data-edges-drawn={report?.edges ?? 0}
        data-edges-known={report?.known ?? 0}
        data-path={report?.path?.join("-") ?? ""}
        data-sides={report?.sides.join("-") ?? ""}
        data-layout={layout}
        data-frames={bench.frames}
        role="img"
        aria-label={`${plural(report?.units ?? 0, bench.aggregated ? "group" : "peer")} and ${plural(report?.edges ?? 0, "link")}; the list of peers says the same in words`}
      />
      <svg class="overlay" ref={svg} aria-hidden="true" />
      {report && <Words bench={bench} report={report} layout={layout} branches={branches} />}
      {tip && <Tooltip {...tip} size={stage?.size ?? { width: 0 }} />}
    </div>
  );
}

/** A picture that is on the page. */
interface Parts {
  studio: Studio;
  stage: Stage;
  select(peer: number | null, goal: number | null): void;
  grow(parents: Float64Array): void;
  end(): void;
}

interface Told {
  report(report: Report): void;
  tip(tip: Tip | null): void;
  branches(): readonly Branch[];
}

function styleNow(layout: Layout): Style {
  return {
    ...{ palette: readPalette(theme.peek() === "dark"), layout, collapse: collapse.peek() },
    ...{ opened: opened.peek(), hiddenKinds: [...hiddenKinds.peek()], by: by.peek() },
    ...{ hover: null, selected: selectedPeer.peek(), goal: goal.peek(), link: null },
    ...{ lassoed: lassoed.peek(), still: still.peek() },
  };
}

/** Puts a picture onto the page: painter, rings, hands. */
function assemble(
  bench: Bench,
  community: number | null,
  layout: Layout,
  host: HTMLElement,
  canvas: HTMLCanvasElement,
  svg: SVGSVGElement,
  told: Told,
): Parts {
  const studio = enter(bench);
  const stage = studio.stage(community, styleNow(layout));
  const overlay = new Overlay(stage, svg);
  const sheet = canvas.getContext("bitmaprenderer");
  const look = looker(bench, studio, stage);
  stage.attach({
    show: (bitmap, transform) => {
      sheet?.transferFromImageBitmap(bitmap);
      canvas.style.transform = transform;
    },
    moved: (transform) => {
      canvas.style.transform = transform;
      overlay.follow();
      look();
    },
    report: told.report,
  });
  const watch = new ResizeObserver(([entry]) => {
    if (entry) stage.resize(entry.contentRect.width, entry.contentRect.height);
  });
  watch.observe(host);
  const release = attachHands(host, stage, handsOf(stage, overlay, told));
  const global = globalThis as { rumormillGraph?: Stage };
  if (localStorage.getItem(DEBUG_KEY)) global.rumormillGraph = stage;
  return {
    ...{ studio, stage },
    select: (peer, to) => {
      overlay.selected = peer;
      overlay.goal = to;
      overlay.follow();
      stage.style({ selected: peer, goal: to });
    },
    grow: (parents) => stage.grow(parents),
    end: () => {
      watch.disconnect();
      release();
      overlay.end();
      stage.detach();
      leave(studio);
    },
  };
}

/** Tells the lab which groups of a very large run are looked into, once the camera rests. */
function looker(bench: Bench, studio: Studio, stage: Stage): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let told = "";
  return () => {
    if (!bench.aggregated || open.peek() !== bench) return;
    clearTimeout(timer);
    timer = setTimeout(() => {
      const groups = cellsInSight(stage);
      if (groups.join() === told) return;
      told = groups.join();
      studio.focus(groups);
      say({ type: "focus", groups });
    }, LOOK_MS);
  };
}

function handsOf(stage: Stage, overlay: Overlay, told: Told) {
  let latest = 0;
  const hover = (unit: number | null) => {
    if (overlay.hover === unit) return;
    overlay.hover = unit;
    overlay.follow();
    stage.style({ hover: unit });
  };
  return {
    hovered: (index: number, at: [number, number]) => {
      latest += 1;
      const mine = latest;
      const unit = index < 0 ? null : (stage.placed.units[index] ?? null);
      hover(unit);
      if (unit !== null) return told.tip(tipOfUnit(stage, unit, at, told.branches()));
      void stage.probe(at).then((link) => {
        if (mine === latest) told.tip(link && tipOfLink(stage, link, at));
      });
    },
    left: () => {
      latest += 1;
      hover(null);
      told.tip(null);
    },
    clicked: (index: number, at: [number, number], more: boolean) => {
      if (index >= 0) choose(stage, stage.placed.units[index] ?? 0, more);
      else void stage.probe(at).then((link) => chooseLink(link && [link.from, link.to]));
    },
    drawing: (lasso: [number, number][] | null) => overlay.draw(lasso),
    lassoed: (lasso: [number, number][]) => {
      adjust({ peer: null, link: null, event: null });
      setLasso(stage.within(lasso).filter((unit) => unit > 0));
    },
  };
}

function choose(stage: Stage, unit: number, more: boolean): void {
  setLasso([]);
  if (unit < 0 && !stage.bench.aggregated) {
    toggleGroup(groupOfUnit(unit));
    return;
  }
  // A cell is looked at through its first peer's number.
  const peer = unit > 0 ? unit : stage.bench.groups.range(groupOfUnit(unit))[0];
  if (more && selectedPeer.peek() !== null) goal.value = peer;
  else {
    goal.value = null;
    adjust({ peer });
  }
}

function chooseLink(link: [number, number] | null): void {
  goal.value = null;
  setLasso([]);
  if (link && link[0] > 0 && link[1] > 0) adjust({ link });
  else adjust({ peer: null, link: null, event: null });
}
