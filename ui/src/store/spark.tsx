// What a replica did in each of the last seconds, as a small line; all replicas have the same scale.

import { rate } from "../words/format";
import type { Counter, Look } from "./model";

const WIDTH = 120;
const HEIGHT = 26;
/** So that the line is not cut at the edges. */
const MARGIN = 1.5;
/** Looks that are farther apart are not joined: nobody looked in between. */
const GAP_MS = 8000;

interface Props {
  looks: readonly Look[];
  of: Counter;
  /** The moment at the right edge, how long before it the left edge is, and the rate at the top. */
  now: number;
  span: number;
  most: number;
}

export function Spark({ looks, of, now, span, most }: Props) {
  const parts = pathsOf(looks, of, now, span, most);
  return (
    <svg
      class="spark"
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      preserveAspectRatio="none"
      aria-hidden="true"
    >
      <title>The top is {rate(most)}</title>
      {parts.map(({ line, area }) => (
        <g key={line}>
          <path class="spark-area" d={area} />
          <path class="spark-line" d={line} />
        </g>
      ))}
    </svg>
  );
}

/** The line and what lies below it, in pieces: where nothing is known there is nothing. */
export function pathsOf(
  looks: readonly Look[],
  of: Counter,
  now: number,
  span: number,
  most: number,
): { line: string; area: string }[] {
  const pieces: [number, number][][] = [[]];
  let before = Number.NEGATIVE_INFINITY;
  for (const { at, rates } of looks) {
    const value = rates[of];
    if (value === null || at - before > GAP_MS) pieces.push([]);
    if (value !== null) pieces.at(-1)?.push([xOf(at, now, span), yOf(value, most)]);
    before = at;
  }
  return pieces
    .filter((piece) => piece.length > 0)
    .map((piece) => {
      const [first, last] = [piece[0]?.[0] ?? 0, piece.at(-1)?.[0] ?? 0];
      // A single look is a short stroke.
      const from = piece.length === 1 ? first - 1 : first;
      const points = piece.map(([x, y]) => `L${round(x)} ${round(y)}`).join("");
      const line = `M${round(from)} ${round(piece[0]?.[1] ?? 0)}${points}`;
      return { line, area: `${line}L${round(last)} ${HEIGHT}L${round(from)} ${HEIGHT}Z` };
    });
}

function xOf(at: number, now: number, span: number): number {
  return WIDTH * (1 - (now - at) / span);
}

function yOf(value: number, most: number): number {
  const share = most > 0 ? Math.min(1, value / most) : 0;
  return HEIGHT - MARGIN - share * (HEIGHT - 2 * MARGIN);
}

const round = (value: number) => Number(value.toFixed(2));
