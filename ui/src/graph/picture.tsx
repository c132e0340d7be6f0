// One community's picture: two canvases (links and peers below, comets above) and a tooltip.

import { useEffect, useRef, useState } from "preact/hooks";
import type { Bench } from "../model/run";
import { watchRun } from "../state/bench";
import { still, theme } from "../state/preferences";
import { adjust, selectedPeer } from "../state/route";
import { bytes, exact, plural } from "../words/format";
import { readPalette } from "./colors";
import { attachHands } from "./hands";
import { fitAsked, hiddenKinds } from "./settings";
import { type Hit, type Layout, Stage, type StageReport } from "./stage";

interface Props {
  bench: Bench;
  community: number | null;
  layout: Layout;
  /** The first picture carries the name that tests look for. */
  name: string;
}

interface Tip {
  title: string;
  lines: string[];
  at: [number, number];
}

export function Picture({ bench, community, layout, name }: Props) {
  watchRun();
  const host = useRef<HTMLDivElement>(null);
  const base = useRef<HTMLCanvasElement>(null);
  const top = useRef<HTMLCanvasElement>(null);
  const stage = useRef<Stage | null>(null);
  const [tip, setTip] = useState<Tip | null>(null);
  const [report, setReport] = useState<StageReport>({ peers: 0, edges: 0, hidden: 0 });

  useEffect(() => {
    if (!host.current || !base.current || !top.current) return;
    const palette = readPalette(theme.peek() === "dark");
    const tell = (next: StageReport) =>
      setReport((now) =>
        now.peers === next.peers && now.edges === next.edges && now.hidden === next.hidden
          ? now
          : next,
      );
    const mine = new Stage(bench, community, base.current, top.current, palette, tell);
    stage.current = mine;
    const watch = new ResizeObserver(([entry]) => {
      if (entry) mine.resize(entry.contentRect.width, entry.contentRect.height);
    });
    watch.observe(host.current);
    const release = attachHands(host.current, mine, {
      hovered: (hit, at) => setTip(tipOf(mine, hit, at)),
      clicked: (hit) => adjust({ peer: peerOf(mine, hit) }),
    });
    return () => {
      watch.disconnect();
      release();
      mine.end();
      stage.current = null;
    };
  }, [bench, community]);

  useEffect(() => stage.current?.setLayout(layout), [layout, bench, community]);
  useEffect(() => stage.current?.select(selectedPeer.value), [selectedPeer.value, bench]);
  useEffect(() => stage.current?.setPalette(readPalette(theme.value === "dark")), [theme.value]);
  useEffect(() => {
    if (fitAsked.value > 0) stage.current?.fitAll();
  }, [fitAsked.value]);
  useEffect(() => {
    if (!stage.current) return;
    stage.current.hiddenKinds = hiddenKinds.value;
    stage.current.want(true);
  }, [hiddenKinds.value]);
  useEffect(() => {
    if (stage.current) stage.current.still = still.value;
  }, [still.value, bench]);

  return (
    <div class="picture" ref={host}>
      <canvas
        ref={base}
        data-testid={name}
        data-peers={report.peers}
        data-edges-drawn={report.edges}
        data-frames={bench.frames}
        role="img"
        aria-label={`${plural(report.peers, bench.aggregated ? "group" : "peer")} and ${plural(report.edges, "link")}; the list of peers says the same in words`}
      />
      <canvas ref={top} />
      {report.hidden > 0 && (
        <p class="picture-note">
          {plural(report.edges, "link")} drawn, {exact(report.hidden)} not: the latest come first
        </p>
      )}
      {tip && <Tooltip {...tip} />}
    </div>
  );
}

function Tooltip({ title, lines, at }: Tip) {
  return (
    <div class="tip" style={{ transform: `translate(${at[0] + 14}px, ${at[1] + 14}px)` }}>
      <strong>{title}</strong>
      {lines.map((line) => (
        <div key={line}>{line}</div>
      ))}
    </div>
  );
}

function peerOf(stage: Stage, hit: Hit): number | null {
  if (!hit || !("peer" in hit)) return null;
  const id = stage.scene.ids[hit.peer] ?? 0;
  // A group is looked at through its first peer's number.
  return stage.bench.aggregated ? stage.bench.groups.range(id - 1)[0] : id;
}

function tipOf(stage: Stage, hit: Hit, at: [number, number]): Tip | null {
  if (!hit) return null;
  const { bench, scene } = stage;
  if ("peer" in hit) {
    const captions = scene.caption(hit.peer).split(", ").filter(Boolean);
    return { title: scene.title(hit.peer), lines: captions, at };
  }
  const { edge } = hit;
  const kinds = [...edge.kinds]
    .sort((a, b) => b.count - a.count)
    .map((k) => `${bench.kinds[k.kind] ?? "?"}: ${exact(k.count)}, ${bytes(k.bytes)}`);
  return {
    title: `${bench.peers.label(edge.from)} → ${bench.peers.label(edge.to)}: ${plural(edge.count, "message")}`,
    lines: edge.lost > 0 ? [...kinds, `${exact(edge.lost)} lost`] : kinds,
    at,
  };
}
