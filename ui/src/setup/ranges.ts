// Seeds and values as people write several: 1..100, or 10, 20, 50.

import type { Param, Value } from "../api/types";

/** The first and last seed of "1..100" or "7"; else what is wrong. */
export function seedRange(
  text: string,
): { seeds: [number, number]; count: number } | { wrong: string } {
  const parts = /^\s*(\d{1,15})\s*(?:(?:\.\.|-|–)\s*(\d{1,15}))?\s*$/.exec(text);
  const first = Number(parts?.[1]);
  const last = Number(parts?.[2] ?? parts?.[1]);
  if (!parts) return { wrong: "seeds: expected a range, for example 1..100" };
  if (last < first) return { wrong: `seeds: ${last} is below ${first}; write ${last}..${first}` };
  return { seeds: [first, last], count: last - first + 1 };
}

/** The values of a parameter in a list; else what is wrong. */
export function listedPoints(param: Param, text: string): { points: Value[] } | { wrong: string } {
  const parts = text.split(",").map((part) => part.trim());
  if (parts.includes("")) return { wrong: "values: expected a list, for example 10, 20, 50" };
  if (param.kind === "flag") {
    const odd = parts.find((part) => part !== "true" && part !== "false");
    if (odd) return { wrong: `values: "${odd}" is neither true nor false` };
    return { points: parts.map((part) => part === "true") };
  }
  if (param.kind === "choice") {
    const odd = parts.find((part) => !(param.choices ?? []).includes(part));
    if (odd) return { wrong: `values: "${odd}" is none of ${(param.choices ?? []).join(", ")}` };
    return { points: parts };
  }
  if (param.kind !== "count" && param.kind !== "number") return { points: parts };
  const odd = parts.find((part) => !Number.isFinite(Number(part)));
  if (odd !== undefined) return { wrong: `values: "${odd}" is no number` };
  return { points: parts.map(Number) };
}
