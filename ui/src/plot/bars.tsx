// A histogram on the page: bars, and the percentiles that people ask for.

import { scaleLinear, scaleLog } from "d3-scale";
import type { RefObject } from "preact";
import { Axes } from "./axes";
import type { Histogram } from "./histogram";
import type { Frame, Scale } from "./model";
import { inUnit } from "./units";

interface Props {
  of: Histogram;
  color: string;
  width: number;
  height: number;
  picture: RefObject<SVGSVGElement | null>;
}

const MARGIN = { left: 64, right: 12, top: 32, bottom: 24 };

function across(of: Histogram, frame: Frame): Scale {
  const low = of.buckets[0]?.[0] ?? 0;
  const high = of.buckets.at(-1)?.[1] ?? 1;
  const range = [frame.left, frame.left + frame.width];
  // Latencies that span decades are read on a logarithmic axis.
  return low > 0 && high / low > 30
    ? scaleLog().domain([low, high]).range(range)
    : scaleLinear().domain([low, high]).range(range);
}

export function Bars({ of, color, width, height, picture }: Props) {
  const frame: Frame = {
    left: MARGIN.left,
    top: MARGIN.top,
    width: Math.max(40, width - MARGIN.left - MARGIN.right),
    height: Math.max(30, height - MARGIN.top - MARGIN.bottom),
  };
  const x = across(of, frame);
  const most = Math.max(1, ...of.buckets.map(([, , count]) => count));
  const y = scaleLinear()
    .domain([0, most])
    .range([frame.top + frame.height, frame.top])
    .nice(3);
  const marks: [string, number][] = [
    ["p50", of.p50],
    ["p90", of.p90],
    ["p99", of.p99],
  ];
  const words = marks.map(([name, value]) => `${name} ${inUnit(value, of.unit)}`).join(", ");
  return (
    <svg
      ref={picture}
      class="plot"
      viewBox={`0 0 ${width} ${height}`}
      role="img"
      aria-label={`${of.name}: ${words}, most ${inUnit(of.max, of.unit)}`}
    >
      <Axes frame={frame} x={x} y={y} xUnit={of.unit} yUnit="" xName="" yName="" />
      {of.buckets.map(([from, to, count]) => (
        <rect
          key={from}
          x={x(from)}
          width={Math.max(0.5, x(to) - x(from) - 0.5)}
          y={y(count)}
          height={Math.max(0, y(0) - y(count))}
          fill={color}
          fill-opacity="0.75"
        >
          <title>{`${inUnit(from, of.unit)} to ${inUnit(to, of.unit)}: ${count}`}</title>
        </rect>
      ))}
      {marks.map(([name, value], i) => (
        <g key={name}>
          <line
            x1={x(value)}
            x2={x(value)}
            y1={frame.top - 4}
            y2={frame.top + frame.height}
            stroke="var(--ink)"
            stroke-dasharray="3 3"
            stroke-opacity="0.6"
          />
          <text
            x={Math.min(x(value) + 3, frame.left + frame.width - 84)}
            y={frame.top - 22 + i * 11}
            fill="var(--ink)"
            font-size="11"
          >
            {name} {inUnit(value, of.unit)}
          </text>
        </g>
      ))}
    </svg>
  );
}
