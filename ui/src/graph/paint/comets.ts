// Messages on their way: short comets along the links. Those that were lost stop half-way, in red.

import type { EdgeRow } from "../../api/types";
import { pack, type Raster, type Sprite } from "./raster";
import { spot } from "./spot";
import { bend } from "./strokes";

/** Comets in flight at once; messages beyond are seen on their links and in the counts. */
const COMETS_MAX = 220;
/** A machine that cannot keep up gets fewer, but never less than these. */
const COMETS_MIN = 24;
/** Between two pictures: more is too slow, less leaves room. */
const SLOW_MS = 45;
const FAST_MS = 24;
/** At most so many comets for one link and frame. */
const PER_ROW_MAX = 2;
const FLIGHT_MS = 420;
/** Comets of one frame start within this time, so that they do not march in step. */
const STAGGER_MS = 110;
/** The tail is so much of the way. */
const TAIL = 0.09;
/** Heads that are kept ready-made: kinds, themes and sizes. */
const HEADS_MAX = 64;

interface Comet {
  from: number;
  to: number;
  color: string;
  lost: boolean;
  /** When it starts, milliseconds of the page's clock. */
  start: number;
}

type Point = [number, number];

/** What comets fly through. */
export interface Sky {
  red: string;
  paper: string;
  /** Radius of a peer's disc. */
  radius: number;
  /** Radius of a disc, which may stand for many peers. */
  reach: (index: number) => number;
  /** Pixels of the screen for one of the page. */
  ratio: number;
  /** Only comets of this disc are drawn, when not -1. */
  focus: number;
  /** Do links bow? Then comets do. */
  bowed: boolean;
  /** Where a disc is. */
  at: (index: number) => Point;
}

/** The comets of one picture. */
export class Comets {
  private flying: Comet[] = [];
  private max = COMETS_MAX;
  private drawnAt = 0;
  private paper = "";
  private heads = new Heads("");

  get busy(): boolean {
    return this.flying.length > 0;
  }

  /** Forgets all of them: the discs are others now. */
  clear(): void {
    this.flying = [];
  }

  /** Launches comets for a frame's messages. */
  launch(
    rows: readonly EdgeRow[],
    now: number,
    place: (row: EdgeRow) => { from: number; to: number; color: string } | null,
  ): void {
    let room = Math.round(this.max) - this.flying.length;
    const stride = Math.max(1, Math.ceil(rows.length / Math.max(1, room)));
    for (let r = 0; r < rows.length && room > 0; r += stride) {
      const row = rows[r];
      const at = row && place(row);
      if (!row || !at) continue;
      const [, , , , count, , lost] = row;
      const many = Math.min(PER_ROW_MAX, Math.max(count, lost), room);
      for (let i = 0; i < many; i++) {
        const start = now + ((this.flying.length * 37) % STAGGER_MS);
        this.flying.push({ ...at, lost: lost > 0 && i >= many - lost, start });
      }
      room -= many;
    }
  }

  /** Draws all comets where they are now, and forgets those that have arrived. */
  draw(raster: Raster, now: number, sky: Sky): void {
    this.pace(now);
    this.flying = this.flying.filter((c) => now - c.start < FLIGHT_MS);
    if (this.paper !== sky.paper) this.heads = new Heads(sky.paper);
    this.paper = sky.paper;
    for (const comet of this.flying) {
      const share = (now - comet.start) / FLIGHT_MS;
      if (share < 0) continue;
      if (sky.focus >= 0 && comet.from !== sky.focus && comet.to !== sky.focus) continue;
      drawOne(raster, comet, share, sky, this.heads);
    }
  }

  private pace(now: number): void {
    const since = now - this.drawnAt;
    this.drawnAt = now;
    // A longer pause is no sign of slowness: nothing flew.
    if (since > 400) return;
    const factor = since > SLOW_MS ? 0.85 : since < FAST_MS ? 1.03 : 1;
    this.max = Math.min(COMETS_MAX, Math.max(COMETS_MIN, this.max * factor));
  }
}

function drawOne(raster: Raster, comet: Comet, share: number, sky: Sky, heads: Heads): void {
  const { radius, ratio } = sky;
  const [a, b] = [sky.at(comet.from), sky.at(comet.to)];
  // From rim to rim. A lost one slows down to its end in the middle of the way.
  const length = Math.max(1, Math.hypot(b[0] - a[0], b[1] - a[1]));
  const rim = Math.min(0.45, sky.reach(comet.from) / length);
  const end = Math.min(0.45, sky.reach(comet.to) / length);
  const done = comet.lost ? 0.5 * (1 - (1 - share) ** 2) : share;
  const at = rim + done * (1 - rim - end);
  const middle: Point = sky.bowed ? bend(a, b) : [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2];
  const alpha = comet.lost && share > 0.6 ? (1 - share) / 0.4 : 1;
  const color = comet.lost && share > 0.35 ? sky.red : comet.color;
  const [x, y] = along(a, middle, b, at);
  const [tx, ty] = along(a, middle, b, Math.max(rim, at - TAIL));
  const wide = 2 * headRadius(radius) * ratio;
  raster.taper(x * ratio, y * ratio, tx * ratio, ty * ratio, wide, pack(color), alpha * 0.8);
  raster.blit(heads.of(color, radius, ratio), x * ratio, y * ratio, alpha);
}

/** Half the width of a comet's head. */
function headRadius(radius: number): number {
  return Math.max(1.2, Math.min(3.2, radius * 0.3));
}

/** Ready-made heads: a dot of the kind's colour with a rim of paper, so that it stands out from its link. */
class Heads {
  private readonly made = new Map<string, Sprite>();

  constructor(private readonly paper: string) {}

  of(color: string, radius: number, ratio: number): Sprite {
    const size = headRadius(radius);
    const key = `${color} ${size.toFixed(1)} ${ratio}`;
    let head = this.made.get(key);
    if (!head) {
      if (this.made.size >= HEADS_MAX) this.made.clear();
      head = spot(size, color, ratio, this.paper);
      this.made.set(key, head);
    }
    return head;
  }
}

function along(a: Point, m: Point, b: Point, t: number): Point {
  const u = 1 - t;
  return [
    u * u * a[0] + 2 * u * t * m[0] + t * t * b[0],
    u * u * a[1] + 2 * u * t * m[1] + t * t * b[1],
  ];
}
