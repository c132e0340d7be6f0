// One chart: states as nested boxes with the peers that are in them, transitions as arrows with their
// counts, the selected peer's states lit.

import type { Chart, Charts } from "../api/history";
import type { Bench } from "../model/run";
import { adjust } from "../state/route";
import { exact, plural } from "../words/format";
import { statesOf } from "./charts";
import { transitionKey } from "./flash";
import { arrowsOf, type Box, HEADER, INITIAL, type Layout, type Path } from "./layout";

/** Peers that fit into a box one by one. */
const CHIPS_MAX = 12;
const CHIP_PX = 22;
const CHIPS_A_ROW = 6;

interface Props {
  bench: Bench;
  chart: Chart;
  charts: Charts;
  layout: Layout;
  peer: number | null;
  flashes: ReadonlySet<string>;
}

export function ChartPicture({ bench, chart, charts, layout, peer, flashes }: Props) {
  const active = new Set(peer === null ? [] : statesOf(charts, chart.name, peer));
  const arrows = new Map(arrowsOf(chart).map((arrow) => [`${arrow.from} ${arrow.to}`, arrow]));
  return (
    <svg
      class="chart"
      viewBox={`0 0 ${layout.width} ${layout.height}`}
      style={{ maxWidth: `${layout.width * 1.35}px`, maxHeight: `${layout.height * 1.35}px` }}
      data-testid="chart"
      data-chart={chart.name}
    >
      <title>{`Statechart of ${chart.name || "the peers"}`}</title>
      <defs>
        <marker
          id="chart-head"
          viewBox="0 0 8 8"
          refX="7.5"
          refY="4"
          markerWidth="8"
          markerHeight="8"
          orient="auto-start-reverse"
          markerUnits="userSpaceOnUse"
        >
          <path d="M0 0.6 8 4 0 7.4z" class="chart-head" />
        </marker>
      </defs>
      {layout.boxes.map((box) =>
        box.name === INITIAL ? (
          <circle
            key={box.name}
            class="chart-initial"
            cx={box.x + box.width / 2}
            cy={box.y + box.height / 2}
            r={box.width / 2}
          >
            <title>The chart begins here</title>
          </circle>
        ) : (
          <State
            key={box.name}
            {...{ bench, box, peer }}
            count={chart.states.find((state) => state.name === box.name)?.peers_now ?? 0}
            active={active.has(box.name)}
            peers={peersIn(charts, chart.name, box.name)}
          />
        ),
      )}
      {layout.paths.map((path) => (
        <Arrow
          key={`${path.from} ${path.to}`}
          path={path}
          words={arrows.get(`${path.from} ${path.to}`)?.words ?? ""}
          count={arrows.get(`${path.from} ${path.to}`)?.count ?? 0}
          triggers={arrows.get(`${path.from} ${path.to}`)?.triggers ?? []}
          lit={flashes.has(transitionKey(chart.name, path.from, path.to))}
        />
      ))}
    </svg>
  );
}

function peersIn(charts: Charts, chart: string, state: string): number[] {
  return Object.keys(charts.peers)
    .map(Number)
    .filter((peer) => statesOf(charts, chart, peer).includes(state))
    .sort((a, b) => a - b);
}

interface StateProps {
  bench: Bench;
  box: Box;
  count: number;
  active: boolean;
  peers: readonly number[];
  peer: number | null;
}

function State({ bench, box, count, active, peers, peer }: StateProps) {
  const { x, y, width, height } = box;
  return (
    <g
      class={`chart-state ${active ? "active" : ""} ${box.parent ? "parent" : ""} ${count > 0 ? "" : "vacant"}`}
      data-testid={`state-${box.name}`}
      data-count={count}
      data-active={active}
    >
      <title>
        {`${box.name}: ${plural(count, "peer")}${active ? `; peer ${peer} is in it` : ""}`}
      </title>
      <rect x={x} y={y} width={width} height={height} rx="8" />
      <text x={x + 12} y={y + HEADER / 2 + 4} class="chart-name">
        {box.name}
      </text>
      <text x={x + width - 12} y={y + HEADER / 2 + 4} class="chart-count">
        {exact(count)}
      </text>
      {!box.parent && <Chips {...{ bench, box, peers, count, peer }} />}
    </g>
  );
}

function Chips({ bench, box, peers, count, peer }: Omit<StateProps, "active">) {
  if (peers.length > CHIPS_MAX || (peers.length === 0 && count > 0))
    return (
      <text x={box.x + 12} y={box.y + HEADER + 16} class="chart-many">
        {plural(count, "peer")}
      </text>
    );
  return (
    <>
      {peers.map((id, i) => {
        const cx = box.x + 22 + (i % CHIPS_A_ROW) * (CHIP_PX + 3);
        const cy = box.y + HEADER + 10 + Math.floor(i / CHIPS_A_ROW) * (CHIP_PX - 1);
        return (
          // biome-ignore lint/a11y/useSemanticElements: a button cannot stand in a picture
          <g
            key={id}
            class={`chart-peer ${id === peer ? "chosen" : ""}`}
            role="button"
            tabIndex={0}
            aria-label={`Peer ${bench.peers.label(id)}`}
            onClick={() => adjust({ peer: id === peer ? null : id, event: null })}
            onKeyDown={(event) => {
              if (event.key !== "Enter" && event.key !== " ") return;
              adjust({ peer: id === peer ? null : id, event: null });
              event.preventDefault();
              event.stopPropagation();
            }}
          >
            <circle cx={cx} cy={cy} r="9.5" />
            <text x={cx} y={cy + 3.5}>
              {bench.peers.label(id).slice(0, 4)}
            </text>
          </g>
        );
      })}
    </>
  );
}

interface ArrowProps {
  path: Path;
  words: string;
  count: number;
  triggers: readonly string[];
  lit: boolean;
}

function Arrow({ path, words, count, triggers, lit }: ArrowProps) {
  const initial = path.from === INITIAL;
  return (
    <g
      class={`chart-arrow ${lit ? "lit" : ""} ${count === 0 && !initial ? "vacant" : ""}`}
      data-testid={initial ? undefined : `transition-${path.from}-${path.to}`}
      data-count={initial ? undefined : count}
    >
      <path d={smooth(path.points)} marker-end="url(#chart-head)" />
      {!initial && (
        <>
          <title>
            {`${path.from} to ${path.to}: ${exact(count)}${triggers.length > 0 ? `, on ${triggers.join(", ")}` : ""}`}
          </title>
          <text x={path.label[0]} y={path.label[1] + 4} class="chart-words">
            {words}
          </text>
        </>
      )}
    </g>
  );
}

/** A line through the points with round corners. */
function smooth(points: readonly [number, number][]): string {
  const [first, ...rest] = points;
  if (!first) return "";
  const last = rest.at(-1) ?? first;
  let d = `M${first[0]} ${first[1]}`;
  for (let i = 0; i + 1 < rest.length; i++) {
    const [at, next] = [rest[i] ?? first, rest[i + 1] ?? last];
    const end = i + 2 === rest.length ? next : [(at[0] + next[0]) / 2, (at[1] + next[1]) / 2];
    d += ` Q${at[0]} ${at[1]} ${end[0]} ${end[1]}`;
  }
  return rest.length === 1 ? `${d} L${last[0]} ${last[1]}` : d;
}
