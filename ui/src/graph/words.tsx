// What a picture shows, in true counts: how much of it is drawn, the path, the sides, who was reached last.

import { sideName } from "../model/grouping";
import type { Bench } from "../model/run";
import { watchRun } from "../state/bench";
import { theme } from "../state/preferences";
import { selectedPeer } from "../state/route";
import { conditionsWords } from "../words/faults";
import { exact, plural, span } from "../words/format";
import { readPalette } from "./colors";
import { type Branch, wayTo } from "./layout/tree";
import { sideColor } from "./paint/sides";
import { goal } from "./settings";
import type { Layout, Report, WeatherReport } from "./talk";

interface Props {
  bench: Bench;
  report: Report;
  layout: Layout;
  branches: readonly Branch[];
}

/** Stations of a way that are named; longer ways are shortened in the middle. */
const STATIONS_MAX = 8;

export function Words({ bench, report, layout, branches }: Props) {
  watchRun();
  return (
    <div class="picture-words" aria-live="off">
      {goal.value !== null && <PathWords bench={bench} report={report} />}
      {layout === "tree" && <TreeWords bench={bench} branches={branches} />}
      {report.sides.length > 0 && <SideWords sides={report.sides} />}
      <WeatherWords weather={report.weather} />
      <Drawn bench={bench} report={report} />
    </div>
  );
}

/** True counts, when not everything is drawn. */
function Drawn({ bench, report }: { bench: Bench; report: Report }) {
  const { edges, known } = report;
  if (!bench.aggregated && edges >= known) return null;
  return (
    <p data-testid="graph-counts">
      {bench.aggregated && groupsSentence(bench)}
      {exact(edges)} of {plural(known, "link")}
      {bench.aggregated ? " between groups" : ""} drawn
    </p>
  );
}

function groupsSentence({ run, groups }: Bench): string {
  const size = `${plural(run.peers, "peer")} in ${plural(groups.count, "group")} of ${exact(groups.each)}`;
  const state = `${exact(groups.up)} up, ${exact(groups.done)} done`;
  return `${size}: ${state}; ${plural(run.messages.sent, "message")}; `;
}

function PathWords({ bench, report: { path, forward } }: { bench: Bench; report: Report }) {
  const to = goal.value ?? 0;
  if (!path)
    return (
      <p data-testid="graph-path">
        No way to peer {bench.peers.label(to)} over the links seen so far
      </p>
    );
  return (
    <p data-testid="graph-path">
      {way(bench, path)}: {plural(path.length - 1, "hop")}
      {forward ? "" : ", some of them against the messages"}
    </p>
  );
}

function way(bench: Bench, peers: readonly number[]): string {
  const names = peers.map((peer) => bench.peers.label(peer));
  if (names.length <= STATIONS_MAX) return names.join(" → ");
  const half = STATIONS_MAX / 2;
  return [...names.slice(0, half), "…", ...names.slice(-half)].join(" → ");
}

function TreeWords({ bench, branches }: { bench: Bench; branches: readonly Branch[] }) {
  watchRun();
  const grown = branches.filter((branch) => branch.t <= bench.now);
  const last = grown.reduce<Branch | null>((a, b) => (a && a.t >= b.t ? a : b), null);
  if (!last) return <p data-testid="graph-tree">Nobody has received anything yet</p>;
  const chosen = grown.find((branch) => branch.peer === selectedPeer.value);
  const by = (branch: Branch) =>
    `after ${span(branch.t)}, by way of ${way(bench, wayTo(grown, branch.peer))}`;
  return (
    <>
      {chosen && chosen !== last && (
        <p data-testid="graph-tree-peer">
          Peer {bench.peers.label(chosen.peer)} was reached {by(chosen)}
        </p>
      )}
      <p data-testid="graph-tree">
        {plural(grown.length, "peer")} reached; the last one is peer {bench.peers.label(last.peer)}{" "}
        {by(last)}
      </p>
    </>
  );
}

function SideWords({ sides }: { sides: readonly number[] }) {
  const palette = readPalette(theme.value === "dark");
  return (
    <p data-testid="graph-sides">
      Partition in force:{" "}
      {sides.map((peers, side) => (
        <span class="side" key={sideName(side)}>
          <i class="swatch" style={{ background: sideColor(side, palette) }} />
          {sideName(side)} {plural(peers, "peer")}
        </span>
      ))}
    </p>
  );
}

/** The signs on links, and how many of the links seen so far bear them. */
function WeatherWords({ weather }: { weather: WeatherReport }) {
  const { isBroken, cut, worse, conditions, everywhere } = weather;
  if (!isBroken && !everywhere) return null;
  return (
    <p data-testid="graph-weather" data-cut={cut} data-worse={worse}>
      {isBroken && cut + worse === 0 && "Links are cut or worse that nobody has used so far"}
      {cut > 0 && (
        <span class="side">
          <svg class="sign cut" viewBox="0 0 14 12" aria-hidden="true">
            <path d="M0 6h4M10 6h4M4 11 6 1M8 11 10 1" />
          </svg>
          {plural(cut, "link")} cut
        </span>
      )}
      {worse > 0 && (
        <span class="side">
          <svg class="sign worse" viewBox="0 0 14 12" aria-hidden="true">
            <path d="M7 2 11 6 7 10 3 6Z" />
          </svg>
          {plural(worse, "link")} {conditions ? `with ${conditionsWords(conditions)}` : "worse"}
        </span>
      )}
      {everywhere && <span class="side">Everywhere: {conditionsWords(everywhere)}</span>}
    </p>
  );
}
