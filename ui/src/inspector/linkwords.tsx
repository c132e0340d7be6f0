// What holds on a link at the cursor, and how long its messages took, in words.

import type { LinkTimes } from "../api/past";
import { type Weather, weatherOn } from "../model/weather";
import { conditionsWords } from "../words/faults";
import { plural, span } from "../words/format";

interface Ends {
  from: number;
  to: number;
}

/** The faults in force on one direction of a link. */
export function Now({ weather, from, to }: Ends & { weather: Weather }) {
  const { apart, cut, own } = weatherOn(weather, from, to);
  const { everywhere } = weather;
  const lost = [cut ? "cut" : "", apart ? "apart by a partition" : ""].filter(Boolean);
  const holds = own ?? everywhere;
  const also = holds ? conditionsWords(holds) : "good";
  const words = [...lost, ...(also === "good" ? [] : [own ? also : `${also} as everywhere`])];
  return (
    <p
      class="number"
      data-testid="link-now"
      data-from={from}
      data-to={to}
      data-cut={cut}
      data-apart={apart}
      data-own={own !== null}
    >
      <span class="quiet">now</span>{" "}
      <span class={lost.length > 0 ? "lost" : ""}>{words.join(", ") || "whole"}</span>
    </p>
  );
}

/** How long messages took in one direction, up to the cursor. */
export function Took({ times, from, to }: Ends & { times: LinkTimes | null }) {
  const took = times?.took;
  if (!took) return null;
  const { least_s, median_s, most_s, measured } = took;
  return (
    <p
      class="number"
      data-testid="link-took"
      data-from={from}
      data-to={to}
      data-measured={measured}
      data-least={least_s}
      data-median={median_s}
      data-most={most_s}
      title={`From sending to arrival, of ${plural(measured, "arrival")}: at least ${least_s} s, median ${median_s} s, at most ${most_s} s`}
    >
      <span class="quiet">median</span> {span(median_s)}{" "}
      <span class="quiet">({range(least_s, most_s)})</span>
    </p>
  );
}

/** Two spans of time, with the unit once when it is the same. */
function range(least_s: number, most_s: number): string {
  const [least, most] = [span(least_s), span(most_s)];
  const [number, unit] = least.split(" ");
  return `${most.endsWith(` ${unit}`) ? number : least} to ${most}`;
}
