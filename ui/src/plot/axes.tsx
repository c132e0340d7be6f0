// The axes of a plot: few ticks, quiet lines, units once.

import type { Frame, Scale } from "./model";
import { onAxis } from "./units";

interface Props {
  frame: Frame;
  x: Scale;
  y: Scale;
  xUnit: string;
  yUnit: string;
  xName: string;
  yName: string;
}

/** A logarithmic scale names too many ticks; these are the ones that fit. */
function ticks(scale: Scale, about: number): number[] {
  const all = scale.ticks(about);
  if (all.length <= about * 1.6) return all;
  const every = Math.ceil(all.length / about);
  const decades = all.filter((tick) => Number.isInteger(Math.log10(tick)));
  return decades.length > 1 ? decades : all.filter((_, i) => i % every === 0);
}

export function Axes({ frame, x, y, xUnit, yUnit, xName, yName }: Props) {
  const { left, top, width, height } = frame;
  const bottom = top + height;
  return (
    <g class="axes" fill="var(--quiet)" font-size="11">
      {ticks(y, Math.max(2, height / 40)).map((tick) => (
        <g key={tick}>
          <line x1={left} x2={left + width} y1={y(tick)} y2={y(tick)} stroke="var(--line)" />
          <text x={left - 6} y={y(tick) + 4} text-anchor="end">
            {onAxis(tick, yUnit)}
          </text>
        </g>
      ))}
      <line x1={left} x2={left + width} y1={bottom} y2={bottom} stroke="var(--quiet)" />
      {ticks(x, Math.max(2, width / 90)).map((tick) => (
        <g key={tick}>
          <line x1={x(tick)} x2={x(tick)} y1={bottom} y2={bottom + 4} stroke="var(--quiet)" />
          <text x={x(tick)} y={bottom + 16} text-anchor="middle">
            {onAxis(tick, xUnit)}
          </text>
        </g>
      ))}
      {yName && (
        <text x={left} y={top - 6} text-anchor="start">
          {yName}
        </text>
      )}
      {xName && (
        <text x={left + width} y={bottom + 30} text-anchor="end">
          {xName}
        </text>
      )}
    </g>
  );
}
