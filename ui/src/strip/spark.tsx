// A small chart over run time, drawn as one path; the value under the pointer in words.

import { useRef, useState } from "preact/hooks";
import { span as spanWords } from "../words/format";

interface Point {
  t: number;
  value: number;
}

interface Props {
  title: string;
  points: readonly Point[];
  /** The whole width, seconds of run time. */
  span: number;
  max: number;
  value: (value: number) => string;
  /** Draw each value back to the point before it: rates hold for an interval. */
  steps?: boolean;
  tone?: "accent" | "high";
  /** Has the run ended? Then no more points come. */
  ended: boolean;
}

/** The chart's own units; it stretches to the room there is. */
const WIDE = 400;
const HIGH = 40;

export function Spark({
  title,
  points,
  span,
  max,
  value,
  steps = false,
  tone = "accent",
  ended,
}: Props) {
  const host = useRef<HTMLDivElement>(null);
  const [at, setAt] = useState<number | null>(null);
  const last = points.at(-1);
  const under = at === null ? last : nearest(points, at * span);
  const line = pathOf(points, span, max, steps);
  return (
    <div
      class={`spark ${tone}`}
      ref={host}
      onPointerMove={(event) => {
        const box = host.current?.getBoundingClientRect();
        if (box) setAt((event.clientX - box.left) / box.width);
      }}
      onPointerLeave={() => setAt(null)}
    >
      <div class="spark-words">
        <span class="quiet">{title}</span>
        <span class="number">
          {under ? value(under.value) : ended && span > 0 ? "was not watched from here" : "–"}
          {at !== null && under ? ` at ${spanWords(under.t)}` : ""}
        </span>
      </div>
      <svg
        viewBox={`0 0 ${WIDE} ${HIGH}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`${title}: ${last ? value(last.value) : "nothing yet"}`}
      >
        {line && (
          <path
            class="spark-area"
            d={`${line}L${x(last?.t ?? 0, span)} ${HIGH}L${x(steps ? 0 : (points[0]?.t ?? 0), span)} ${HIGH}Z`}
          />
        )}
        {line && <path class="spark-line" d={line} vector-effect="non-scaling-stroke" />}
        {at !== null && under && (
          <path
            class="spark-cursor"
            d={`M${x(under.t, span)} 0V${HIGH}`}
            vector-effect="non-scaling-stroke"
          />
        )}
      </svg>
    </div>
  );
}

function x(t: number, span: number): string {
  return (span > 0 ? (t / span) * WIDE : 0).toFixed(1);
}

/** The path through the points; empty when there are none. */
export function pathOf(
  points: readonly Point[],
  span: number,
  max: number,
  steps: boolean,
): string {
  let path = "";
  let before = 0;
  for (const { t, value } of points) {
    const y = (HIGH - 1 - (value / max) * (HIGH - 3)).toFixed(1);
    if (path === "") path = `M${x(steps ? before : t, span)} ${y}`;
    else if (steps) path += `L${x(before, span)} ${y}`;
    path += `L${x(t, span)} ${y}`;
    before = t;
  }
  return path;
}

function nearest(points: readonly Point[], t: number): Point | undefined {
  return points.find((p) => p.t >= t) ?? points.at(-1);
}
