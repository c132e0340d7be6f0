// A small picture of an experiment: who knows whom, and what goes wrong, as its file says.

import type { Experiment } from "../api/types";

/** Peers that a small picture has room for. */
const PEERS_MAX = 12;

/** What the picture shows. Places are 0 to 1. */
export interface Sketch {
  peers: { x: number; y: number; down: boolean }[];
  links: { from: number; to: number; lost: boolean }[];
  /** Are the peers split at some time? */
  split: boolean;
  /** Do peers come and go all the time? */
  churn: boolean;
}

type Topology = { name: "full" | "grid" | "ring" | "random"; reach: number };

/** The topology that an experiment's source names; random, as the lab's own default. */
export function topologyOf(source: string): Topology {
  // What a comment says is not what the file does.
  const code = source.replace(/#.*$/gm, "");
  const named = /topology\s*=\s*(?:lambda\s+\w+\s*:\s*)?(\w+)\s*\(\s*([\w.]*)/.exec(code);
  const reach = Number.parseInt(named?.[2] ?? "", 10);
  switch (named?.[1]) {
    case "full":
    case "grid":
      return { name: named[1], reach: 0 };
    case "ring":
      return { name: "ring", reach: reach || 1 };
    default:
      return { name: "random", reach: reach || 4 };
  }
}

/** Numbers that look random and are the same each time (mulberry32). */
function numbers(seed: number): () => number {
  let a = seed >>> 0;
  return () => {
    a = (a + 0x6d2b79f5) >>> 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

function pairs(of: Topology, peers: number): [number, number][] {
  const all: [number, number][] = [];
  for (let a = 0; a < peers; a++) for (let b = a + 1; b < peers; b++) all.push([a, b]);
  const apart = (a: number, b: number) => Math.min(b - a, peers - (b - a));
  if (of.name === "full") return all;
  if (of.name === "ring") return all.filter(([a, b]) => apart(a, b) <= of.reach);
  if (of.name === "grid") {
    const wide = Math.ceil(Math.sqrt(peers));
    return all.filter(([a, b]) => b - a === wide || (b - a === 1 && b % wide !== 0));
  }
  // A ring holds it together; the rest is drawn, fewer than there are so that it can be seen.
  const random = numbers(7);
  const share = Math.min(0.5, of.reach / 2 / peers);
  return all.filter(([a, b]) => apart(a, b) === 1 || random() < share);
}

function place(of: Topology, peers: number, i: number): [number, number] {
  if (of.name === "grid") {
    const wide = Math.ceil(Math.sqrt(peers));
    const high = Math.ceil(peers / wide);
    return [((i % wide) + 0.5) / wide, (Math.floor(i / wide) + 0.5) / high];
  }
  const angle = (2 * Math.PI * (i + 0.5)) / peers - Math.PI / 2;
  return [0.5 + 0.44 * Math.cos(angle), 0.5 + 0.44 * Math.sin(angle)];
}

/** The share of messages that is lost at first, as the network's words tell. */
function lossOf(network: string): number {
  const percent = /([\d.]+)\s*% loss/.exec(network);
  return percent ? Number(percent[1]) / 100 : 0;
}

/** The picture of an experiment. */
export function sketchOf(of: Experiment): Sketch {
  const topology = topologyOf(of.source);
  const wanted = Number(of.parameters.find((p) => p.name === "peers")?.default ?? PEERS_MAX);
  const peers = Math.max(2, Math.min(PEERS_MAX, Number.isFinite(wanted) ? wanted : PEERS_MAX));
  const texts = of.faults.map((fault) => fault.text);
  const crash = texts.find((text) => /\bcrash\b/.test(text));
  const many = crash ? Number(/(\d+) random peer/.exec(crash)?.[1] ?? 1) : 0;
  const downs = Math.max(crash ? 1 : 0, Math.min(Math.ceil(peers / 3), many));
  const random = numbers(3);
  const loss = lossOf(of.network);
  return {
    peers: Array.from({ length: peers }, (_, i) => {
      const [x, y] = place(topology, peers, i);
      // Every third, so that those that are down do not stand together.
      return { x, y, down: i % 3 === 1 && Math.floor(i / 3) < downs };
    }),
    links: pairs(topology, peers).map(([from, to]) => ({ from, to, lost: random() < loss })),
    split: texts.some((text) => text.startsWith("partition")),
    churn: /\bchurn\s*=/.test(of.source.replace(/#.*$/gm, "")),
  };
}

/** The first sentence of what an experiment says of itself. */
export function teaches(about: string): string {
  return /^.*?[.!?](?=\s|$)/s.exec(about.trim())?.[0] ?? about.trim();
}
