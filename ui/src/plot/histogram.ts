// A histogram as data, and the same as a table.

/** Values sorted into buckets: [from, to, how many]. */
export interface Histogram {
  id: string;
  name: string;
  unit: string;
  buckets: readonly (readonly [number, number, number])[];
  p50: number;
  p90: number;
  p99: number;
  max: number;
  n: number;
}

/** The histogram as CSV (RFC 4180). */
export function histogramCsv(of: Histogram): string {
  const rows = of.buckets.map((bucket) => bucket.join(","));
  return `${[`from [${of.unit}],to [${of.unit}],count`, ...rows].join("\r\n")}\r\n`;
}
