// Which links a picture has, which of them are drawn, and how each of them looks.

import type { Edge } from "../../model/edges";
import type { Bench } from "../../model/run";
import type { Measure } from "../talk";
import type { Scene } from "./scene";

/** A faded link stays just visible, so that the shape of the network does. */
export const OPACITY_MIN = 0.07;
export const OPACITY_MAX = 0.8;
/** Older than this, seconds of run time, a link has faded to the least. */
const FADED_S = 4;
/** Ages are told apart in so many steps when the latest links are chosen. */
const STEPS = 512;

/** A link as drawn: between two discs of the picture. */
export interface Link {
  from: number;
  to: number;
  /** What it stands for: several links when one of its ends is a group. */
  edges: Edge[];
  /** Messages and bytes of the kinds that are shown. */
  count: number;
  bytes: number;
  /** The kind that most of them are. */
  kind: number;
  /** Run time of the latest message, seconds. */
  last: number;
}

/** The links of a picture, gathered anew when the run or the picture has changed. */
export class Links {
  list: Link[] = [];
  /** Where a disc is a group, the links between the same two are one: by both discs' indices. */
  private merged = new Map<number, Link>();

  /** Gathers all links between the discs of a scene, without the kinds that are not shown. */
  gather(bench: Bench, scene: Scene, community: number | null, hidden: ReadonlySet<number>): void {
    this.list = [];
    this.merged.clear();
    const merge = scene.grouping !== null && !bench.aggregated;
    for (const edge of bench.edges.list) {
      if (community !== null && edge.community !== community) continue;
      const from = scene.indexOf(edge.from);
      const to = scene.indexOf(edge.to);
      if (from < 0 || to < 0 || from === to) continue;
      const link = shown(edge, from, to, hidden);
      if (!link) continue;
      if (merge) this.merge(link, scene.count);
      else this.list.push(link);
    }
  }

  private merge(link: Link, count: number): void {
    const key = link.from * count + link.to;
    const known = this.merged.get(key);
    if (!known) {
      this.merged.set(key, link);
      this.list.push(link);
      return;
    }
    if (link.count > known.count) known.kind = link.kind;
    known.edges.push(...link.edges);
    known.count += link.count;
    known.bytes += link.bytes;
    known.last = Math.max(known.last, link.last);
  }

  /** The latest links, at most `max` and all that touch `focus`; the latest comes last. */
  latest(now: number, max: number, focus: number): Link[] {
    const steps = this.list.map((link) => step(now - link.last));
    const counts = new Uint32Array(STEPS);
    for (const s of steps) counts[s] = (counts[s] ?? 0) + 1;
    const ends = new Uint32Array(STEPS);
    let room = max;
    for (let s = 0; s < STEPS; s++) {
      ends[s] = Math.min(room, counts[s] ?? 0);
      room -= ends[s] ?? 0;
    }
    // Old ones first, so that the latest lie on top.
    const out: Link[][] = Array.from({ length: STEPS }, () => []);
    const near: Link[] = [];
    for (const [i, link] of this.list.entries()) {
      const at = out[steps[i] ?? 0];
      if (touches(link, focus)) near.push(link);
      else if (at && at.length < (ends[steps[i] ?? 0] ?? 0)) at.push(link);
    }
    return [...out.reverse().flat(), ...near];
  }
}

/** Which step of age a link is in: fine for fresh ones. */
function step(age_s: number): number {
  const share = 1 - 2 ** -Math.max(0, age_s);
  return Math.min(STEPS - 1, Math.floor(share * STEPS));
}

function shown(edge: Edge, from: number, to: number, hidden: ReadonlySet<number>): Link | null {
  let [count, bytes, most, kind] = [0, 0, -1, -1];
  for (const cell of edge.kinds) {
    if (hidden.has(cell.kind)) continue;
    count += cell.count;
    bytes += cell.bytes;
    if (cell.count > most) {
      most = cell.count;
      kind = cell.kind;
    }
  }
  return kind < 0 ? null : { from, to, edges: [edge], count, bytes, kind, last: edge.last };
}

/** Does a link begin or end at a disc? */
export function touches(link: Link, index: number): boolean {
  return index >= 0 && (link.from === index || link.to === index);
}

/** How visible a link is: halves with each second of run time since its last message. */
export function opacity(age_s: number): number {
  if (age_s >= FADED_S) return OPACITY_MIN;
  return OPACITY_MIN + (OPACITY_MAX - OPACITY_MIN) * 2 ** -Math.max(0, age_s);
}

/** Bytes that weigh as much as one message. */
const BYTES_A_MESSAGE = 128;

/** Width at the sender's end, pixels: the logarithm of the messages, or of the bytes. */
export function width(link: { count: number; bytes: number }, by: Measure): number {
  return 0.8 + 0.55 * Math.log2(1 + (by === "count" ? link.count : link.bytes / BYTES_A_MESSAGE));
}
