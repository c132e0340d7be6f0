// Places points so that their distances come close to given ones: classical multidimensional scaling
// (Torgerson, "Multidimensional scaling: I. Theory and method", Psychometrika 17, 1952).

/** Rounds of the power iteration; the two largest eigenvalues of latencies lie well apart. */
const ROUNDS = 200;

/** Positions (x, y, ...) within the unit circle for `n` points with these distances, row after row. */
export function scale(distances: Float64Array, n: number): Float32Array {
  const out = new Float32Array(2 * n);
  if (n < 2) return out;
  const b = centred(distances, n);
  for (const axis of [0, 1] as const) {
    const { vector, value } = strongest(b, n, axis);
    const length = Math.sqrt(Math.max(0, value));
    for (let i = 0; i < n; i++) {
      out[2 * i + axis] = (vector[i] ?? 0) * length;
      // What this axis explains is taken out, so that the next finds the rest.
      for (let j = 0; j < n; j++)
        b[i * n + j] = (b[i * n + j] ?? 0) - value * (vector[i] ?? 0) * (vector[j] ?? 0);
    }
  }
  return fitted(out);
}

/** Squared distances with the mean of each row and column taken out, halved and negated. */
function centred(distances: Float64Array, n: number): Float64Array {
  const at = (i: number, j: number) =>
    i === j ? 0 : ((distances[i * n + j] ?? 0) + (distances[j * n + i] ?? 0)) / 2;
  const rows = new Float64Array(n);
  let mean = 0;
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) rows[i] = (rows[i] ?? 0) + at(i, j) ** 2 / n;
    mean += (rows[i] ?? 0) / n;
  }
  const out = new Float64Array(n * n);
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++)
      out[i * n + j] = -(at(i, j) ** 2 - (rows[i] ?? 0) - (rows[j] ?? 0) + mean) / 2;
  return out;
}

/** The eigenvector with the largest eigenvalue, from a start that is the same each time. */
function strongest(b: Float64Array, n: number, axis: number) {
  let vector: Float64Array = Float64Array.from({ length: n }, (_, i) =>
    Math.sin((i + 1) * (axis + 1.3)),
  );
  let value = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const next = new Float64Array(n);
    for (let i = 0; i < n; i++)
      for (let j = 0; j < n; j++) next[i] = (next[i] ?? 0) + (b[i * n + j] ?? 0) * (vector[j] ?? 0);
    value = vector.reduce((sum, v, i) => sum + v * (next[i] ?? 0), 0);
    const length = Math.hypot(...next);
    if (length < 1e-15) return { vector, value: 0 };
    vector = next.map((v) => v / length);
  }
  return { vector, value };
}

function fitted(points: Float32Array): Float32Array {
  let reach = 0;
  for (let i = 0; i < points.length; i += 2)
    reach = Math.max(reach, Math.hypot(points[i] ?? 0, points[i + 1] ?? 0));
  return reach > 0 ? points.map((v) => v / reach) : points;
}
