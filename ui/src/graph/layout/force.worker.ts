// Lets the picture settle under forces, away from the thread that draws it.

import iterate from "graphology-layout-forceatlas2/iterate";
import type { FromForce, ToForce } from "./force";

// Layout of ForceAtlas2's matrices: ten numbers a node, three an edge.
const PER_NODE = 10;
const PER_EDGE = 3;
const X = 0;
const Y = 1;
const MASS = 6;
const CONVERGENCE = 7;
const SIZE = 8;
const FIXED = 9;

/** Between two reports to the page. */
const REPORT_MS = 70;
/** Between two turns: whoever else needs the machine gets it, the more the longer turns take. */
const PAUSE_MS = 10;
const PAUSE_LARGE_MS = 60;
const LARGE = 2000;
/** After so many steps the picture rests, until links change. */
const STEPS_FRESH = 500;
const STEPS_MORE = 120;

let nodes = new Float32Array(0);
let edges = new Float32Array(0);
let steps = 0;
let running = false;

function settings(count: number) {
  return {
    linLogMode: false,
    outboundAttractionDistribution: false,
    adjustSizes: false,
    edgeWeightInfluence: 1,
    scalingRatio: 10,
    strongGravityMode: true,
    gravity: 0.05,
    slowDown: 1 + Math.log(count),
    barnesHutOptimize: count > 1000,
    barnesHutTheta: 0.6,
  };
}

function place(points: Float32Array): void {
  const count = points.length / 2;
  nodes = new Float32Array(count * PER_NODE);
  for (let i = 0; i < count; i++) {
    const at = i * PER_NODE;
    nodes[at + X] = points[2 * i] ?? 0;
    nodes[at + Y] = points[2 * i + 1] ?? 0;
    nodes[at + MASS] = 1;
    nodes[at + CONVERGENCE] = 1;
    nodes[at + SIZE] = 1;
  }
}

/** Takes links (from, to, weight, ...), by index of peer. */
function link(links: Float32Array): void {
  edges = new Float32Array(links.length);
  for (let at = 0; at < nodes.length; at += PER_NODE) nodes[at + MASS] = 1;
  for (let e = 0; e + 2 < links.length; e += PER_EDGE) {
    const from = (links[e] ?? 0) * PER_NODE;
    const to = (links[e + 1] ?? 0) * PER_NODE;
    edges[e] = from;
    edges[e + 1] = to;
    edges[e + 2] = links[e + 2] ?? 1;
    nodes[from + MASS] = (nodes[from + MASS] ?? 1) + 1;
    nodes[to + MASS] = (nodes[to + MASS] ?? 1) + 1;
  }
}

function report(resting: boolean): void {
  const points = new Float32Array((nodes.length / PER_NODE) * 2);
  for (let i = 0; i < points.length / 2; i++) {
    points[2 * i] = nodes[i * PER_NODE + X] ?? 0;
    points[2 * i + 1] = nodes[i * PER_NODE + Y] ?? 0;
  }
  const word: FromForce = { points, resting };
  postMessage(word, { transfer: [points.buffer] });
}

function turn(): void {
  const until = performance.now() + REPORT_MS;
  const options = settings(nodes.length / PER_NODE);
  while (steps > 0 && performance.now() < until) {
    iterate(options, nodes, edges);
    steps -= 1;
  }
  running = steps > 0;
  report(!running);
  if (running) setTimeout(turn, nodes.length > LARGE * PER_NODE ? PAUSE_LARGE_MS : PAUSE_MS);
}

function go(more: number): void {
  steps = Math.max(steps, more);
  if (running || nodes.length === 0) return;
  running = true;
  setTimeout(turn, 0);
}

addEventListener("message", (event: MessageEvent<ToForce>) => {
  const word = event.data;
  if (word.points) place(word.points);
  if (word.links) link(word.links);
  if (word.pin) {
    const at = word.pin.index * PER_NODE;
    nodes[at + X] = word.pin.x;
    nodes[at + Y] = word.pin.y;
    nodes[at + FIXED] = word.pin.held ? 1 : 0;
  }
  go(word.points ? STEPS_FRESH : STEPS_MORE);
});
