// Messages on their way: short comets along the links. Those that were lost stop half-way, in red.

import type { EdgeRow } from "../api/types";
import { bend } from "./edges";

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
/** The tail is so much of the way, in so many pieces that grow fainter. */
const TAIL = 0.11;
const PIECES = 4;

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
  /** Radius of the discs. */
  radius: number;
  /** Only comets of this disc are drawn, when not -1. */
  focus: number;
  /** Where a disc is. */
  at: (index: number) => Point;
}

/** The comets of one picture. */
export class Comets {
  private flying: Comet[] = [];
  private max = COMETS_MAX;
  private drawnAt = 0;

  get busy(): boolean {
    return this.flying.length > 0;
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
  draw(g: CanvasRenderingContext2D, now: number, sky: Sky): void {
    this.pace(now);
    this.flying = this.flying.filter((c) => now - c.start < FLIGHT_MS);
    g.lineCap = "round";
    for (const comet of this.flying) {
      const share = (now - comet.start) / FLIGHT_MS;
      if (share < 0) continue;
      if (sky.focus >= 0 && comet.from !== sky.focus && comet.to !== sky.focus) continue;
      drawOne(g, comet, share, sky);
    }
    g.globalAlpha = 1;
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

function drawOne(
  g: CanvasRenderingContext2D,
  comet: Comet,
  share: number,
  { red, radius, at }: Sky,
): void {
  const [a, b] = [at(comet.from), at(comet.to)];
  // From rim to rim. A lost one slows down to its end in the middle of the way.
  const rim = Math.min(0.45, radius / Math.max(1, Math.hypot(b[0] - a[0], b[1] - a[1])));
  const done = comet.lost ? 0.5 * (1 - (1 - share) ** 2) : share;
  const head = rim + done * (1 - 2 * rim);
  const middle = bend(a, b);
  const fading = comet.lost && share > 0.6 ? (1 - share) / 0.4 : 1;
  g.strokeStyle = comet.lost && share > 0.35 ? red : comet.color;
  let [x, y] = along(a, middle, b, head);
  for (let piece = 1; piece <= PIECES; piece++) {
    const [tx, ty] = along(a, middle, b, Math.max(rim, head - (TAIL * piece) / PIECES));
    g.globalAlpha = fading * (1.15 - piece / PIECES);
    g.lineWidth = Math.max(1.2, Math.min(3.6, radius * 0.26)) * (1.2 - (0.8 * piece) / PIECES);
    g.beginPath();
    g.moveTo(tx, ty);
    g.lineTo(x, y);
    g.stroke();
    [x, y] = [tx, ty];
  }
}

function along(a: Point, m: Point, b: Point, t: number): Point {
  const u = 1 - t;
  return [
    u * u * a[0] + 2 * u * t * m[0] + t * t * b[0],
    u * u * a[1] + 2 * u * t * m[1] + t * t * b[1],
  ];
}
