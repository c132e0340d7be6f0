// What the page and the thread that paints its graphs tell each other.

import type { Conditions } from "../api/faults";
import type { Word } from "../api/types";
import type { Collapse } from "../model/grouping";
import type { Snapshot } from "../model/snapshot";
import type { Camera, Size } from "./camera";
import type { Palette } from "./colors";

export const LAYOUTS = ["ring", "grid", "force", "places", "tree", "own"] as const;
export type Layout = (typeof LAYOUTS)[number];

/** What makes a link wide. */
export type Measure = "count" | "bytes";

/** Something with a place of its own: a peer's number, or minus one minus a group's number. */
export type Unit = number;

export const unitOfGroup = (group: number): Unit => -1 - group;
export const groupOfUnit = (unit: Unit): number => -1 - unit;

/** How a picture is drawn. */
export interface Style {
  palette: Palette;
  layout: Layout;
  collapse: Collapse;
  /** Groups whose peers are shown one by one. */
  opened: number[];
  /** Kinds of message that are not drawn. */
  hiddenKinds: number[];
  by: Measure;
  /** What the pointer is on. */
  hover: Unit | null;
  selected: number | null;
  /** The peer to which a path from the selected one is drawn. */
  goal: number | null;
  /** The selected link. */
  link: [number, number] | null;
  lassoed: number[];
  /** Nothing moves that need not. */
  still: boolean;
}

/** What the page says. */
export type ToStudio =
  | { type: "known"; snapshot: Snapshot }
  | { type: "word"; word: Word }
  /** A word as it came from the lab. */
  | { type: "text"; text: string }
  | { type: "plan"; plan: unknown }
  | { type: "focus"; groups: number[] }
  | { type: "open"; picture: number; community: number | null; style: Style }
  | { type: "close"; picture: number }
  | { type: "look"; picture: number; size: Size; ratio: number; camera: Camera }
  | { type: "style"; picture: number; style: Partial<Style> }
  /** Through whom each peer first heard something: peer, from whom, when (s), ... */
  | { type: "tree"; picture: number; parents: Float64Array }
  | { type: "drag"; picture: number; unit: Unit; x: number; y: number; held: boolean }
  | { type: "probe"; picture: number; ask: number; at: [number, number] }
  /** The picture has been shown: the next one may come. */
  | { type: "shown"; picture: number };

/** A group of peers in a picture. */
export interface GroupCard {
  group: number;
  name: string;
  peers: number;
  done: number;
}

/** Where everything is. */
export interface Placed {
  units: Int32Array;
  /** x, y, x, y, ... in the picture's own coordinates. */
  places: Float32Array;
  /** How many times larger than a peer's disc each is; null when all are peers. */
  sizes: Float32Array | null;
  /** A typical distance between neighbors. */
  gap: number;
  /** The distance between the peers inside a cell; null when none are looked at. */
  inner: number | null;
  /** Is this another picture than before, to be seen as a whole? */
  anew: boolean;
}

/** A link as the page is told of it. */
export interface LinkCard {
  from: Unit;
  to: Unit;
  count: number;
  bytes: number;
  lost: number;
  /** [kind, count, bytes] */
  kinds: [number, number, number][];
}

/** What is wrong with the links that were seen, one way each. */
export interface WeatherReport {
  /** Is any cut in force, or any link with conditions of its own, seen or not? */
  isBroken: boolean;
  cut: number;
  worse: number;
  /** Conditions of those that are worse, when all have the same. */
  conditions: Conditions | null;
  /** Conditions of all other links, when a fault made them so. */
  everywhere: Conditions | null;
}

/** What a picture shows. */
export interface Report {
  units: number;
  /** Links that are drawn, and links that are known to be. */
  edges: number;
  known: number;
  /** The shortest path between the two selected peers over the links seen; null when there is none. */
  path: number[] | null;
  /** Do its links all go the way of the messages? */
  forward: boolean;
  /** Peers on each side of the partition in force; empty when there is none. */
  sides: number[];
  weather: WeatherReport;
  /** The groups that peers are gathered in, if any. */
  groups: GroupCard[];
  /** A moment of painting, milliseconds. */
  paint_ms: number;
}

/** What the studio says. */
export type FromStudio =
  | { type: "placed"; picture: number; placed: Placed }
  | { type: "drawn"; picture: number; bitmap: ImageBitmap; camera: Camera; report: Report }
  | { type: "probed"; picture: number; ask: number; link: LinkCard | null };
