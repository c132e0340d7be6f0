// A run's plan in words, as the lab itself says it, and spans of time as people type them.

import type { Conditions, Fault, Parameter, Peers, Span } from "../api/faults";
import { exact, plural } from "./format";

/** Numbers of peers named one by one, at most. */
const SHOWN = 8;

/** A span in seconds. */
export function secondsOf(span: Span): number {
  return span.secs + span.nanos / 1e9;
}

/** Seconds as a plan writes them. */
export function spanOf(seconds: number): Span {
  const secs = Math.floor(seconds);
  const nanos = Math.round((seconds - secs) * 1e9);
  return nanos === 1e9 ? { secs: secs + 1, nanos: 0 } : { secs, nanos };
}

const UNITS: Record<string, number> = {
  ns: 1e-9,
  us: 1e-6,
  µs: 1e-6,
  ms: 1e-3,
  s: 1,
  "": 1,
  min: 60,
  h: 3600,
};

/** What somebody typed as a span ("250ms", "1.5 s", "2"): its seconds, or null when it is none. */
export function typedSpan(text: string): number | null {
  const parts = /^\s*(-?\d+(?:\.\d+)?)\s*([a-zµ]*)\s*$/.exec(text);
  const unit = UNITS[parts?.[2] ?? "?"];
  if (!parts || unit === undefined) return null;
  return Number(parts[1]) * unit;
}

function trimmed(number: number): string {
  return String(Number(number.toFixed(3)));
}

/** A span in the unit that leaves few digits: 250 ms, 1.5 s. */
export function spanWords(seconds: number): string {
  const size = Math.abs(seconds);
  if (size === 0) return "0 s";
  if (size < 1e-3) return `${trimmed(seconds * 1e6)} µs`;
  if (size < 1) return `${trimmed(seconds * 1e3)} ms`;
  if (size < 120) return `${trimmed(seconds)} s`;
  if (size < 7200) return `${trimmed(seconds / 60)} min`;
  return `${trimmed(seconds / 3600)} h`;
}

/** Some peers: "peers 1, 2, 3". */
export function peersWords(peers: Peers): string {
  if (peers === "all") return "all peers";
  if ("numbers" in peers) {
    const { numbers } = peers;
    const more = numbers.length - SHOWN;
    const named = numbers.slice(0, SHOWN).join(", ");
    return `${numbers.length === 1 ? "peer" : "peers"} ${named}${more > 0 ? ` and ${more} more` : ""}`;
  }
  if ("share" in peers)
    return `peers from ${trimmed(peers.share.from * 100)} to ${trimmed(peers.share.to * 100)} %`;
  const { count, peers: drawn } = peers.random;
  const who = drawn && drawn.length <= SHOWN ? ` (${drawn.join(", ")})` : "";
  return `${count === 1 ? "1 random peer" : `${count} random peers`}${who}`;
}

/** What holds on a link: "30 % loss, 5 ms slower". */
export function conditionsWords(of: Conditions): string {
  const words = [
    of.loss > 0 ? `${trimmed(of.loss * 100)} % loss` : "",
    of.duplication > 0 ? `${trimmed(of.duplication * 100)} % duplicated` : "",
    of.reordering > 0
      ? `${trimmed(of.reordering * 100)} % held back up to ${spanWords(secondsOf(of.reordering_by))}`
      : "",
    secondsOf(of.delay) > 0 ? `${spanWords(secondsOf(of.delay))} slower` : "",
    of.bandwidth === null
      ? ""
      : of.bandwidth >= 1e6
        ? `${trimmed(of.bandwidth / 1e6)} Mbit/s`
        : `${trimmed(of.bandwidth / 1e3)} kbit/s`,
  ].filter(Boolean);
  return words.join(", ") || "good";
}

/** The value of a resolved parameter. */
function parameterWords(value: Parameter): string {
  if ("count" in value) return String(value.count);
  if ("number" in value) return String(value.number);
  if ("flag" in value) return String(value.flag);
  if ("text" in value) return value.text;
  if ("span" in value) return spanWords(secondsOf(value.span));
  const runs = value.per_peer;
  const total = runs.reduce((sum, [each, peers]) => sum + each * peers, 0);
  const peers = runs.reduce((sum, [, peers]) => sum + peers, 0);
  return `${exact(total)} in all, of ${plural(peers, "peer")}`;
}

const KINDS = ["count", "number", "flag", "text", "span", "per_peer"];

/** Is this a resolved parameter, rather than what somebody typed? */
function isParameter(value: unknown): value is Parameter {
  const keys = typeof value === "object" && value !== null ? Object.keys(value) : [];
  return keys.length === 1 && KINDS.includes(keys[0] ?? "");
}

/** A parameter's value; long lists by their beginning. */
export function shortly(value: unknown): string {
  if (isParameter(value)) return parameterWords(value);
  const text = typeof value === "string" ? value : (JSON.stringify(value) ?? "");
  return text.length > 160 ? `${text.slice(0, 160)}…` : text;
}

/** What peers do, with the verb's form for several or for one. */
function act(peers: Peers, [several, one]: [string, string], rest = ""): string {
  const isOne =
    typeof peers === "object" &&
    (("numbers" in peers && peers.numbers.length === 1) ||
      ("random" in peers && peers.random.count === 1));
  return `${peersWords(peers)} ${isOne ? one : several}${rest}`;
}

/** What a fault does, in a line. */
export function faultWords(fault: Fault): string {
  if (fault === "heal") return "all links are whole again";
  if ("partition" in fault)
    return `partition: ${fault.partition.groups.map(peersWords).join(" | ")} | the rest`;
  if ("cut" in fault) {
    const [from, to] = [peersWords(fault.cut.from), peersWords(fault.cut.to)];
    return fault.cut.both ? `cut between ${from} and ${to}` : `cut from ${from} to ${to}`;
  }
  if ("link" in fault) {
    const { from, to, conditions } = fault.link;
    const holds = conditions ? conditionsWords(conditions) : "as everywhere";
    return `from ${peersWords(from)} to ${peersWords(to)}: ${holds}`;
  }
  if ("conditions" in fault) return `network: ${conditionsWords(fault.conditions)}`;
  if ("crash" in fault) return act(fault.crash.peers, ["crash", "crashes"]);
  if ("restart" in fault) {
    const how = fault.restart.disk === "kept" ? "from disk" : "with an empty disk";
    return act(fault.restart.peers, ["restart", "restarts"], ` ${how}`);
  }
  if ("pause" in fault) return act(fault.pause.peers, ["pause", "pauses"]);
  if ("resume" in fault) return act(fault.resume.peers, ["resume", "resumes"]);
  if ("slow" in fault) {
    const by = secondsOf(fault.slow.by);
    return by === 0
      ? act(fault.slow.peers, ["are", "is"], " fast again")
      : act(fault.slow.peers, ["take", "takes"], ` ${spanWords(by)} for each message or timer`);
  }
  if ("clock" in fault) {
    const { peers, offset_ns, drift_ppm } = fault.clock;
    const sign = offset_ns < 0 ? "-" : "+";
    const jump = spanWords(Math.abs(offset_ns) / 1e9);
    return `clocks of ${peersWords(peers)}: ${sign}${jump}, ${drift_ppm} ppm`;
  }
  if ("join" in fault) return act(fault.join.peers, ["join", "joins"]);
  if ("request" in fault)
    return act(fault.request.peers, ["are", "is"], ` asked: ${fault.request.text}`);
  return Object.entries(fault.set.parameters)
    .map(([name, value]) => `${name} is now ${parameterWords(value)}`)
    .join(", ");
}
