// The shapes behind the scrubber: messages as columns, targets and done peers as areas.

/** The lanes' own units: they stretch to the room there is. */
export const WIDE = 600;

/** One column for each value, as one path; heights are a share of the greatest value. */
export function columns(values: readonly number[], most: number, high: number): string {
  const wide = WIDE / Math.max(1, values.length);
  let path = "";
  for (let i = 0; i < values.length; i++) {
    const value = values[i] ?? 0;
    if (value <= 0 || most <= 0) continue;
    // A single message among thousands is still one.
    const tall = Math.max(1, (value / most) * high);
    path += `M${fixed(i * wide)} ${high}v${fixed(-tall)}h${fixed(wide)}v${fixed(tall)}z`;
  }
  return path;
}

/** The area under values that hold from the end of their column on. */
export function area(values: readonly number[], most: number, high: number): string {
  if (values.length === 0 || most <= 0) return "";
  const wide = WIDE / values.length;
  let path = `M0 ${high}`;
  values.forEach((value, i) => {
    const y = high - Math.min(1, value / most) * (high - 1);
    path += `L${fixed(i * wide)} ${fixed(y)}H${fixed((i + 1) * wide)}`;
  });
  return `${path}V${high}Z`;
}

function fixed(value: number): string {
  return value.toFixed(2).replace(/\.?0+$/, "");
}

/** Round times for the axis: at least one for each `room` of `wide` pixels. */
export function ticks(end: number, wide: number, room = 90): number[] {
  if (!(end > 0) || wide <= 0) return [];
  const least = (end * room) / wide;
  const power = 10 ** Math.floor(Math.log10(least));
  const each = [1, 2, 5, 10].map((n) => n * power).find((n) => n >= least - 1e-12) ?? least;
  const out: number[] = [];
  for (let i = 0; i * each <= end * (1 + 1e-9) && i < 1000; i++) out.push(i * each);
  return out;
}
