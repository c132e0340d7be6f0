// A plot on the page: curves, axes, the value under the pointer, and the run's cursor.

import { curveLinear, curveStepAfter, area as pathArea, line as pathLine } from "d3-shape";
import type { RefObject } from "preact";
import { useMemo, useState } from "preact/hooks";
import { Axes } from "./axes";
import {
  type Curve,
  column,
  type Frame,
  nearest,
  type PlotData,
  type Scale,
  scales,
} from "./model";
import { axisTitle, inUnit } from "./units";

interface Props {
  data: PlotData;
  width: number;
  height: number;
  /** Where the run's cursor is on the x axis; null when it is elsewhere. */
  cursor?: number | null;
  /** A click at a place on the x axis. */
  onPick?: ((x: number) => void) | undefined;
  picture: RefObject<SVGSVGElement | null>;
}

const MARGIN = { left: 64, right: 12, top: 20, bottom: 24 };

export function Plot({ data, width, height, cursor = null, onPick, picture }: Props) {
  const [at, setAt] = useState<number | null>(null);
  const named = data.xUnit !== "s";
  const frame: Frame = {
    left: MARGIN.left,
    top: MARGIN.top,
    width: Math.max(40, width - MARGIN.left - MARGIN.right),
    height: Math.max(30, height - MARGIN.top - MARGIN.bottom - (named ? 12 : 0)),
  };
  const { x, y } = useMemo(() => scales(data, frame), [data, width, height]);
  const place = at === null ? null : data.steps ? column(data.x, at) : nearest(data.x, at);
  const inside = (event: PointerEvent | MouseEvent) => {
    const box = picture.current?.getBoundingClientRect();
    if (!box) return null;
    const across = ((event.clientX - box.left) / box.width) * width;
    return across < frame.left || across > frame.left + frame.width ? null : x.invert(across);
  };
  return (
    <svg
      ref={picture}
      class="plot"
      viewBox={`0 0 ${width} ${height}`}
      role="img"
      aria-label={summary(data)}
      onPointerMove={(event) => setAt(inside(event))}
      onPointerLeave={() => setAt(null)}
      onClick={(event) => {
        const to = inside(event);
        if (to !== null) onPick?.(to);
      }}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: the keys below read it out
      tabIndex={0}
      onKeyDown={(event) => {
        const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
        if (step) {
          const to = Math.max(0, Math.min(data.x.length - 1, (place ?? -1) + step));
          setAt(data.x[to] ?? null);
        } else if (event.key === "Enter" && at !== null) onPick?.(at);
        else return;
        event.preventDefault();
        event.stopPropagation();
      }}
    >
      <Axes
        frame={frame}
        x={x}
        y={y}
        xUnit={data.xUnit}
        yUnit={data.unit}
        xName={named ? data.xName : ""}
        yName={axisTitle(data.unit)}
      />
      {data.curves.map((curve) => (
        <Drawn key={curve.id} curve={curve} data={data} x={x} y={y} />
      ))}
      {cursor !== null && cursor >= (x.domain()[0] ?? 0) && cursor <= (x.domain()[1] ?? 0) && (
        <line
          data-screen
          class="plot-cursor"
          x1={x(cursor)}
          x2={x(cursor)}
          y1={frame.top}
          y2={frame.top + frame.height}
        />
      )}
      {place !== null && <Under data={data} place={place} x={x} y={y} frame={frame} />}
    </svg>
  );
}

/** What a screen reader says of the plot. */
export function summary(data: PlotData): string {
  const last = data.curves.map((curve) => {
    const value = curve.values.findLast((v) => v !== null);
    return `${curve.name} ${value == null ? "nothing" : inUnit(value, data.unit)}`;
  });
  return `${data.title}; at the end: ${last.slice(0, 6).join(", ")}`;
}

function Drawn({ curve, data, x, y }: { curve: Curve; data: PlotData; x: Scale; y: Scale }) {
  const shape = data.steps ? curveStepAfter : curveLinear;
  const placed = data.x.map((at, i) => [at, curve.values[i] ?? null] as const);
  const path = pathLine<readonly [number, number | null]>()
    .defined(([, v]) => v !== null)
    .x(([at]) => x(at))
    .y(([, v]) => y(v ?? 0))
    .curve(shape)(placed);
  const bands = data.x.map((at, i) => [at, curve.band?.[i] ?? null] as const);
  const band =
    curve.band &&
    pathArea<(typeof bands)[number]>()
      .defined(([, pair]) => pair !== null)
      .x(([at]) => x(at))
      .y0(([, pair]) => y(pair?.[0] ?? 0))
      .y1(([, pair]) => y(pair?.[1] ?? 0))(bands);
  const alone = data.x.length <= 40;
  return (
    <g data-curve={curve.id} stroke-linejoin="round">
      {band && <path d={band} fill={curve.color} fill-opacity="0.16" />}
      {path && (
        <path
          d={path}
          fill="none"
          stroke={curve.color}
          stroke-width="1.6"
          stroke-dasharray={curve.dash}
        />
      )}
      {curve.dots?.map(([at, value]) => (
        <circle
          key={`${at} ${value}`}
          cx={x(at)}
          cy={y(value)}
          r="2"
          fill={curve.color}
          fill-opacity="0.45"
        />
      ))}
      {alone &&
        !data.steps &&
        placed.map(([at, value]) =>
          value === null ? null : (
            <circle key={at} cx={x(at)} cy={y(value)} r="3" fill={curve.color} />
          ),
        )}
    </g>
  );
}

function Under({
  data,
  place,
  x,
  y,
  frame,
}: {
  data: PlotData;
  place: number;
  x: Scale;
  y: Scale;
  frame: Frame;
}) {
  const at = data.x[place];
  if (at === undefined) return null;
  const rows = data.curves
    .map((curve) => ({ curve, value: curve.values[place] ?? null }))
    .filter((row) => row.value !== null)
    .sort((a, b) => (b.value ?? 0) - (a.value ?? 0))
    .slice(0, 9);
  const wide = 190;
  const left = x(at) > frame.left + frame.width / 2 ? x(at) - wide - 8 : x(at) + 8;
  return (
    <g data-screen pointer-events="none">
      <line x1={x(at)} x2={x(at)} y1={frame.top} y2={frame.top + frame.height} class="plot-under" />
      {rows.map(({ curve, value }) => (
        <circle key={curve.id} cx={x(at)} cy={y(value ?? 0)} r="3" fill={curve.color} />
      ))}
      <rect
        class="plot-tip"
        x={left}
        y={frame.top}
        width={wide}
        height={20 + rows.length * 15}
        rx="4"
      />
      <text x={left + 8} y={frame.top + 14} fill="var(--quiet)">
        {data.xName} {inUnit(at, data.xUnit)}
      </text>
      {rows.map(({ curve, value }, i) => (
        <g key={curve.id} transform={`translate(${left + 8} ${frame.top + 29 + i * 15})`}>
          <line
            x1="0"
            x2="14"
            y1="-4"
            y2="-4"
            stroke={curve.color}
            stroke-width="2"
            stroke-dasharray={curve.dash}
          />
          <text x="20" fill="var(--ink)">
            {curve.name.length > 16 ? `${curve.name.slice(0, 15)}…` : curve.name}
          </text>
          <text x={wide - 16} text-anchor="end" fill="var(--ink)" class="number">
            {inUnit(value ?? 0, data.unit)}
          </text>
        </g>
      ))}
    </g>
  );
}
