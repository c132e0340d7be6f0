// What a value of a plot means, in words: one place for units, so that axes, legends and files agree.

import { bytes, count, percent, rate, significant, span } from "../words/format";

/** Writes a value with its unit. Units that have no words of their own follow the number. */
export function inUnit(value: number, unit: string): string {
  switch (unit) {
    case "s":
      return value < 0 ? `-${span(-value)}` : span(value);
    case "B":
    case "bytes":
      return bytes(value);
    case "B/s":
      return `${bytes(value)}/s`;
    case "share":
      return percent(value);
    case "%":
      return `${significant(value)} %`;
    case "1/s":
      return rate(value);
    case "":
      return count(value);
    default:
      return `${count(value)} ${unit}`;
  }
}

/** 0.200 s as 0.2 s, 15.0 k as 15 k. */
function short(text: string): string {
  return text.replace(/(\.\d*?)0+(?=\s|$)/, "$1").replace(/\.(?=\s|$)/, "");
}

/** Writes a value for an axis whose title names the unit. */
export function onAxis(value: number, unit: string): string {
  if (value === 0) return "0";
  if (unit === "s") return short(span(value));
  if (unit === "share") return percent(value);
  if (unit === "bytes" || unit === "B" || unit === "B/s") return short(bytes(value));
  return short(count(value));
}

/** Units that an axis' values or the plot's title say already. */
const SAID = new Set(["s", "bytes", "B", "B/s", "1/s", "share", "%", ""]);

/** The title of an axis. */
export function axisTitle(unit: string): string {
  return SAID.has(unit) ? "" : unit;
}
