// What the page says in whole sentences: how a run ended, what is wrong with a value.

import type { FieldError, Run } from "../api/types";
import { exact, plural, span } from "./format";

/** "10 of 10 peers have all messages", for the least advanced target of the run. */
export function targetsSentence(run: Pick<Run, "targets" | "peers">): string {
  const entries = Object.entries(run.targets);
  const least = entries.reduce<[string, { met: number; peers: number }] | undefined>(
    (worst, entry) =>
      !worst || entry[1].met / entry[1].peers < worst[1].met / worst[1].peers ? entry : worst,
    undefined,
  );
  if (!least) return `${plural(run.peers, "peer")}, no target`;
  const [name, { met, peers }] = least;
  const verb = met === 1 ? "has" : "have";
  return `${exact(met)} of ${plural(peers, "peer")} ${verb} all ${name}`;
}

/** How a run ended, and what to do when it did not end well. */
export function outcomeSentence(run: Run): string {
  const after = `after ${span(run.virtual_seconds)}`;
  const targets = targetsSentence(run);
  switch (run.outcome) {
    case "completed":
      return `Completed: ${targets} ${after}.`;
    case "time-limit":
      return `Time limit: ${targets} ${after}. Raise the time limit, or filter the log for "dropped".`;
    case "stopped":
      return `Stopped ${after}: ${targets}.`;
    case "violated":
      return `Violated ${after}: ${run.error ?? "a property did not hold"}. The log shows what led to it.`;
    case "failed":
      return `Failed ${after}: ${run.error ?? "the lab gave no reason"}.`;
    default:
      return run.error ?? `Ended ${after}: ${targets}.`;
  }
}

/** The word for what a run does now. */
export function stateWord(run: Run): string {
  if (run.state !== "ended") return run.state;
  return run.outcome ?? "ended";
}

/** "line 1, column 14: expected ...", without the place when the lab names none. */
export function errorSentence(error: FieldError): string {
  const place = [
    error.line != null ? `line ${error.line}` : "",
    error.column != null ? `column ${error.column}` : "",
  ].filter(Boolean);
  const message = error.next ? `${error.message}; ${error.next}` : error.message;
  // The lab may have put the place into the message already.
  if (place.length === 0 || message.includes(place.join(", "))) return message;
  return `${place.join(", ")}: ${message}`;
}

/** "flood · seed 42 · 10 processes" */
export function runTitle(run: Run): string {
  const what = run.mode === "processes" ? "process" : "peer";
  const many = run.peers === 1 ? what : what === "process" ? "processes" : "peers";
  const seed = run.seed == null ? [] : [`seed ${run.seed}`];
  return [...seed, `${exact(run.peers)} ${many}`, modeWords(run.mode)].filter(Boolean).join(" · ");
}

function modeWords(mode: string): string {
  if (mode === "sim") return "simulated";
  return mode === "processes" ? "" : mode;
}
