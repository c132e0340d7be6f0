// From what was typed into a small form to the fault it stands for, or a sentence on what is wrong.

import type { Conditions, Fault, Peers } from "../api/faults";
import { spanOf, typedSpan } from "../words/faults";

/** What becomes of a form: faults, or what is wrong with it. */
export type Wished = { faults: Fault[] } | { wrong: string };

const SPAN_HINT = "a number with a unit, for example 50ms or 1.5s";

/** These peers take so long for each message or timer. */
export function slowBy(peers: Peers, by: string): Wished {
  const seconds = typedSpan(by);
  if (seconds === null || seconds < 0) return { wrong: `by: expected ${SPAN_HINT}` };
  return { faults: [{ slow: { peers, by: spanOf(seconds) } }] };
}

/** These peers' clocks show something else from now on. */
export function clockOff(peers: Peers, offset: string, drift: string): Wished {
  const seconds = typedSpan(offset.trim().replace(/^\+/, "") || "0");
  if (seconds === null) return { wrong: `offset: expected ${SPAN_HINT}, with - to go back` };
  const ppm = Number(drift.trim() || "0");
  if (!Number.isInteger(ppm) || Math.abs(ppm) > 1_000_000)
    return { wrong: "drift: expected a whole number of parts per million, up to 1,000,000" };
  return { faults: [{ clock: { peers, offset_ns: Math.round(seconds * 1e9), drift_ppm: ppm } }] };
}

/** These peers are asked something. */
export function asked(peers: Peers, text: string): Wished {
  if (!text.trim()) return { wrong: "request: expected a text that the protocol understands" };
  return { faults: [{ request: { peers, text: text.trim() } }] };
}

/** Nothing special holds on a link. */
export const GOOD: Conditions = {
  ...{ loss: 0, duplication: 0, reordering: 0, reordering_by: { secs: 0, nanos: 0 } },
  ...{ delay: { secs: 0, nanos: 0 }, bandwidth: null },
};

/** A link that delays and loses; both ways when asked. */
export function linkHolds(
  [from, to]: [number, number],
  delay: string,
  loss: string,
  both: boolean,
): Wished {
  const seconds = typedSpan(delay.trim() || "0");
  if (seconds === null || seconds < 0) return { wrong: `delay: expected ${SPAN_HINT}` };
  const percent = Number(loss.trim().replace(/\s*%$/, "") || "0");
  if (!(percent >= 0 && percent <= 100)) return { wrong: "loss: expected a percentage, 0 to 100" };
  const conditions = { ...GOOD, delay: spanOf(seconds), loss: percent / 100 };
  return { faults: linkFaults([from, to], conditions, both) };
}

/** The faults that put conditions on a link, or end them. */
export function linkFaults(
  [from, to]: [number, number],
  conditions: Conditions | null,
  both: boolean,
): Fault[] {
  const one = (a: number, b: number): Fault => ({
    link: { from: { numbers: [a] }, to: { numbers: [b] }, conditions },
  });
  return both ? [one(from, to), one(to, from)] : [one(from, to)];
}
