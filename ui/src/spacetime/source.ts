// Gets pictures of the span in sight from the lab: asks for a little more than is seen, so that panning
// needs no waiting, drops what is no longer wanted, and keeps the old picture until the new one is there.

import { LabError } from "../api/client";
import { type SpacetimeQuery, trace } from "../api/history";
import type { Span } from "./geometry";
import { type Picture, pictureOf } from "./picture";

/** With more events than this in sight, counts are drawn in their place. */
export const EVENTS_MAX = 4000;
/** While hands move, the lab is asked no more often. */
const ASK_AFTER_MS = 70;
/** Columns wider than this are worth asking anew, pixels. */
const COLUMN_PX_MAX = 4;

/** What is to be seen. */
export interface Wanted {
  /** Null is the whole run. */
  span: Span | null;
  /** Null leaves the choice, and the order, to the lab. */
  peers: readonly number[] | null;
  rows: number;
  fold: boolean;
  /** Pixels. */
  width: number;
}

/** Who is told of a new picture, or why there is none. */
export interface SourceListener {
  got(picture: Picture, of: Wanted): void;
  failed(sentence: string): void;
  busy(is: boolean): void;
}

export class Source {
  picture: Picture | null = null;
  private asked: Wanted | null = null;
  private latest: Wanted = { span: null, peers: null, rows: 40, fold: false, width: 600 };
  private timer: ReturnType<typeof setTimeout> | undefined;
  private flight: AbortController | null = null;

  constructor(
    private readonly run: string,
    private readonly kinds: () => readonly string[],
    private readonly listener: SourceListener,
  ) {}

  /** Ends what is under way. */
  end(): void {
    clearTimeout(this.timer);
    this.flight?.abort();
  }

  /** Wants this to be seen; asks only when the present picture does not show it well. */
  want(wanted: Wanted, again = false): void {
    this.latest = wanted;
    if (!again && this.shows(wanted)) return;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.ask(wanted), this.picture ? ASK_AFTER_MS : 0);
  }

  /** Does the picture at hand show this well? */
  private shows(wanted: Wanted): boolean {
    const { picture, asked } = this;
    if (!picture || !asked || !sameRows(asked, wanted, picture)) return false;
    if (asked.span !== wanted.span) {
      if (!wanted.span) return false;
      const [from, to] = wanted.span;
      const covered = from >= picture.from - 1e-12 && to <= picture.to + 1e-12;
      if (!covered) return false;
    }
    return !picture.density || !wanted.span || isFine(picture, wanted.span, wanted.width);
  }

  private async ask(wanted: Wanted): Promise<void> {
    this.flight?.abort();
    const flight = new AbortController();
    this.flight = flight;
    this.asked = wanted;
    this.latest = wanted;
    this.listener.busy(true);
    try {
      const answer = await trace.spacetime(this.run, this.queryOf(wanted), flight.signal);
      if (flight.signal.aborted) return;
      this.picture = pictureOf(answer, this.kinds());
      this.listener.got(this.picture, wanted);
      // Now that it is known how many events there are: less room around them may show each of them.
      this.want(this.latest);
    } catch (error) {
      if (flight.signal.aborted) return;
      this.asked = null;
      this.listener.failed(error instanceof LabError ? error.sentence : String(error));
    } finally {
      if (this.flight === flight) this.listener.busy(false);
    }
  }

  private queryOf({ span, peers, rows, fold, width }: Wanted): SpacetimeQuery {
    const query: SpacetimeQuery = {
      ...{ width: columnsFor(width, peers?.length ?? rows), rows, fold },
      ...{ limit: EVENTS_MAX, peers },
    };
    if (!span) return query;
    // Who is quiet is decided in what is asked for: that is then what is seen.
    const [from, to] = fold ? span : this.padded(span);
    return { ...query, from, to };
  }

  /** Half as much again on each side, where that is not too many events to draw one by one. */
  private padded([from, to]: Span): Span {
    const half = (to - from) / 2;
    const wide: Span = [Math.max(0, from - half), to + half];
    const many = this.picture ? estimate(this.picture, wide) : null;
    return many === null || many > EVENTS_MAX * 0.8 ? [from, to] : wide;
  }
}

/** Counts in an answer, at most: about a quarter of a megabyte. */
const COUNTS_MAX = 80_000;

/** A column a pixel, as far as the answer stays small. */
function columnsFor(width: number, rows: number): number {
  return Math.max(100, Math.min(2000, Math.round(width), Math.floor(COUNTS_MAX / rows)));
}

/** Are these the rows that the picture has? Those that the lab chose may be named from then on. */
function sameRows(asked: Wanted, wanted: Wanted, picture: Picture): boolean {
  if (asked.fold !== wanted.fold || asked.rows !== wanted.rows) return false;
  if (wanted.peers === null) return asked.peers === null;
  return !wanted.fold && String(picture.peers) === String(wanted.peers);
}

/** Are the columns narrow enough, and the events too many to be drawn one by one? */
function isFine(picture: Picture, span: Span, width: number): boolean {
  // Less than what was asked for cannot be asked for.
  if (picture.to - picture.from <= (span[1] - span[0]) * 1.01) return true;
  const column = (picture.to - picture.from) / (picture.density?.columns ?? 1);
  const px = (column / (span[1] - span[0])) * width;
  return px <= COLUMN_PX_MAX && (estimate(picture, span) ?? 0) > EVENTS_MAX;
}

/** About how many events are in a span, as far as the picture tells; null where it does not. */
export function estimate(picture: Picture, [from, to]: Span): number | null {
  const inside = Math.min(to, picture.to) - Math.max(from, picture.from);
  if (inside <= 0) return null;
  // What lies outside is taken to be as busy as what lies inside.
  const beyond = (to - from) / inside;
  if (!picture.density) {
    const count = picture.marks.filter((m) => m.event.t >= from && m.event.t <= to).length;
    return count * beyond;
  }
  const { columns, rows } = picture.density;
  const step = (picture.to - picture.from) / columns;
  const first = Math.max(0, Math.floor((from - picture.from) / step));
  const last = Math.min(columns, Math.ceil((to - picture.from) / step));
  let count = 0;
  for (const row of rows) for (let i = first; i < last; i++) count += row[i] ?? 0;
  return count * beyond;
}
