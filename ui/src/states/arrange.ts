// Arranges a chart's boxes and arrows. Loaded only when a chart is looked at, with the library that does
// it: dagre (MIT). elkjs could too, but is under EPL-2.0 or GPL, which the built page would have to carry.

import dagre from "@dagrejs/dagre";
import type { Chart } from "../api/history";
import {
  arrowsOf,
  type Box,
  type ChartArrow,
  HEADER,
  INITIAL,
  type Layout,
  type Path,
  STATE_HEIGHT,
  STATE_WIDTH,
} from "./layout";

/** Room below a state for an arrow that comes back to it. */
const LOOP_PX = 44;
/** Size of the point that a chart begins at, and the room around everything, pixels. */
const INITIAL_PX = 14;
const PADDING = 16;

type Graph = InstanceType<typeof dagre.graphlib.Graph>;

/** Arranges a chart; the same chart always lies the same way. */
export function layoutOf(chart: Chart, across: boolean): Layout {
  const graph = new dagre.graphlib.Graph({ compound: true, multigraph: true });
  graph.setGraph({
    ...{ rankdir: across ? "LR" : "TB", nodesep: 44, ranksep: 64, edgesep: 28 },
    ...{ marginx: PADDING, marginy: PADDING },
  });
  graph.setDefaultEdgeLabel(() => ({}));
  const names = new Set(chart.states.map((state) => state.name));
  const parents = new Set(chart.states.map((state) => state.parent).filter((p) => p !== null));
  const arrows = arrowsOf(chart).filter(({ from, to }) => names.has(from) && names.has(to));
  const loops = new Set(arrows.filter(({ from, to }) => from === to).map(({ from }) => from));
  for (const { name } of chart.states) {
    const height = STATE_HEIGHT + (loops.has(name) ? LOOP_PX : 0);
    graph.setNode(name, parents.has(name) ? {} : { width: STATE_WIDTH, height });
  }
  for (const { name, parent } of chart.states)
    if (parent !== null && names.has(parent)) graph.setParent(name, parent);
  const leaf = (name: string) => firstLeaf(chart, name, parents);
  if (chart.initial !== null && names.has(chart.initial)) {
    graph.setNode(INITIAL, { width: INITIAL_PX, height: INITIAL_PX });
    graph.setEdge(INITIAL, leaf(chart.initial), {}, `${INITIAL} ${chart.initial}`);
  }
  for (const { from, to, words } of arrows) {
    if (from === to) continue;
    const width = Math.max(36, words.length * 6.2);
    // The library cannot end an edge at a state with states within: its first state stands for it.
    graph.setEdge(leaf(from), leaf(to), { width, height: 16, labelpos: "c" }, `${from} ${to}`);
  }
  dagre.layout(graph);
  return read(graph, chart, { parents, arrows, loops });
}

function firstLeaf(chart: Chart, name: string, parents: ReadonlySet<string>): string {
  let at = name;
  for (let depth = 0; parents.has(at) && depth < chart.states.length; depth++)
    at = chart.states.find((state) => state.parent === at)?.name ?? at;
  return at;
}

type Placed = { x: number; y: number; width: number; height: number };

interface Parts {
  parents: ReadonlySet<string>;
  arrows: readonly ChartArrow[];
  /** States with an arrow back to themselves. */
  loops: ReadonlySet<string>;
}

function read(graph: Graph, chart: Chart, { parents, arrows, loops }: Parts): Layout {
  const boxes = new Map<string, Box>();
  for (const { name } of chart.states) {
    const { x, y, width, height } = graph.node(name) as Placed;
    const parent = parents.has(name);
    // A state with states within needs room for its own name above them.
    const extra = parent ? HEADER : 0;
    const below = loops.has(name) && !parent ? LOOP_PX : 0;
    boxes.set(name, {
      ...{ name, parent, depth: depthOf(chart, name) },
      ...{ x: x - width / 2, y: y - height / 2 - extra, width, height: height + extra - below },
    });
  }
  const { width = 0, height = 0 } = graph.graph() as { width?: number; height?: number };
  const paths = arrows.map(({ from, to }) => {
    if (from === to) return loopOf(from, boxes.get(from));
    const edge = graph.edges().find((e) => e.name === `${from} ${to}`);
    return pathOf(graph.edge(edge as never) as Routed, from, to, boxes);
  });
  if (graph.hasNode(INITIAL)) {
    const { x, y } = graph.node(INITIAL) as Placed;
    const size = INITIAL_PX;
    const begin = { x: x - size / 2, y: y - size / 2, width: size, height: size };
    boxes.set(INITIAL, { name: INITIAL, ...begin, parent: false, depth: 0 });
    const edge = graph.edges().find((e) => e.v === INITIAL);
    const to = chart.initial ?? "";
    paths.push(pathOf(graph.edge(edge as never) as Routed, INITIAL, to, boxes));
  }
  // Parents first, so that what lies within lies above.
  const all = [...boxes.values()].sort((a, b) => a.depth - b.depth);
  const top = Math.min(0, ...all.map((box) => box.y - PADDING / 2));
  return moved({ width, height, boxes: all, paths }, -top);
}

interface Routed {
  points: { x: number; y: number }[];
  x?: number;
  y?: number;
}

function pathOf(edge: Routed, from: string, to: string, boxes: ReadonlyMap<string, Box>): Path {
  let points = edge.points.map(({ x, y }): [number, number] => [x, y]);
  points = attached(points, boxes.get(from));
  points = attached(points.reverse(), boxes.get(to)).reverse();
  points = clipped(points, boxes.get(to));
  points = clipped(points.reverse(), boxes.get(from)).reverse();
  const middle = between(
    points[(points.length - 1) >> 1] ?? [0, 0],
    points[points.length >> 1] ?? [0, 0],
    0.5,
  );
  // Where a line was cut, its words stand in the middle of what is left.
  const cut = points.length < edge.points.length;
  return { from, to, points, label: cut ? middle : [edge.x ?? middle[0], edge.y ?? middle[1]] };
}

/** An arrow that leaves a state at the bottom and comes back there. */
function loopOf(name: string, box: Box | undefined): Path {
  const { x = 0, y = 0, width = 0, height = 0 } = box ?? {};
  // To the right, where no other arrow leaves downwards.
  const [left, right, bottom] = [x + width * 0.7, x + width * 0.9, y + height];
  const points: [number, number][] = [
    [right, bottom],
    [right + 4, bottom + LOOP_PX * 0.55],
    [left - 4, bottom + LOOP_PX * 0.55],
    [left, bottom],
  ];
  return { from: name, to: name, points, label: [x + width * 0.8, bottom + LOOP_PX * 0.74] };
}

/** A line that begins below a state, where an arrow back to it has its room, begins at the state. */
function attached(points: [number, number][], box: Box | undefined): [number, number][] {
  const [first] = points;
  if (!first || !box || box.parent) return points;
  const bottom = box.y + box.height;
  const below = first[1] > bottom + 1 && first[0] > box.x && first[0] < box.x + box.width;
  return below ? [[first[0], bottom], ...points] : points;
}

/** The part of a line before it enters a box of states, when it ends within one. */
function clipped(points: [number, number][], box: Box | undefined): [number, number][] {
  if (!box?.parent) return points;
  const first = points.findIndex(([x, y]) => isWithin(box, x, y));
  if (first < 1) return points;
  const [outside, inside] = [points[first - 1], points[first]];
  if (!outside || !inside) return points;
  let [low, high] = [0, 1];
  for (let i = 0; i < 20; i++) {
    const share = (low + high) / 2;
    const at = between(outside, inside, share);
    if (isWithin(box, ...at)) high = share;
    else low = share;
  }
  return [...points.slice(0, first), between(outside, inside, high)];
}

function between(a: [number, number], b: [number, number], share: number): [number, number] {
  return [a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share];
}

function isWithin(box: Box, x: number, y: number): boolean {
  return x >= box.x && x <= box.x + box.width && y >= box.y && y <= box.y + box.height;
}

function depthOf(chart: Chart, name: string): number {
  let depth = 0;
  let at = chart.states.find((state) => state.name === name)?.parent ?? null;
  while (at !== null && depth < chart.states.length) {
    depth += 1;
    at = chart.states.find((state) => state.name === at)?.parent ?? null;
  }
  return depth;
}

function moved(layout: Layout, by: number): Layout {
  const shift = ([x, y]: [number, number]): [number, number] => [x, y + by];
  return {
    width: layout.width,
    height: layout.height + by,
    boxes: layout.boxes.map((box) => ({ ...box, y: box.y + by })),
    paths: layout.paths.map((path) => ({
      ...path,
      points: path.points.map(shift),
      label: shift(path.label),
    })),
  };
}
