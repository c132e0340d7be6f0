// What truly happened in a recorded run, from its export as CSV: tests compare what the page shows with
// this. It is written without a look at the lab's own index, and slower, so that both cannot be wrong alike.

import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";

const COUNT_BITS = 40n;
const COUNT_MASK = (1n << COUNT_BITS) - 1n;

/** One line of CSV with the quotes of RFC 4180. */
function fields(line) {
  if (!line.includes('"')) return line.split(",");
  const out = [];
  let field = "";
  let quoted = false;
  for (let i = 0; i < line.length; i++) {
    const c = line[i];
    if (quoted && c === '"' && line[i + 1] === '"') field += line[i++];
    else if (c === '"') quoted = !quoted;
    else if (c === "," && !quoted) {
      out.push(field);
      field = "";
    } else field += c;
  }
  return [...out, field];
}

/** The events of an export, as the lab's JSON has them, in the order of the file. */
export function parseCsv(text) {
  const [head, ...lines] = text.split(/\r?\n/).filter(Boolean);
  const names = head.split(",");
  return lines.map((line) => {
    const of = Object.fromEntries(fields(line).map((value, i) => [names[i], value]));
    return {
      ...{ id: of.id, ns: Number(of.time_ns), t: Number(of.time_ns) / 1e9, peer: Number(of.peer) },
      ...{ community: of.community, kind: of.kind, other: of.other ? Number(of.other) : null },
      ...{ cause: of.cause || null, name: of.name, value: Number(of.value), goal: Number(of.goal) },
      ...{ bytes: Number(of.bytes), text: of.text },
    };
  });
}

/** The events of a recorded run, read by the command line of RUMORMILL_BIN from the folder RUNS. */
export function eventsOf(run) {
  const [bin, runs] = [process.env.RUMORMILL_BIN, process.env.RUNS];
  if (!bin || !runs)
    throw new Error("set RUMORMILL_BIN to the command and RUNS to the runs' folder");
  const args = ["export", run, "--runs", runs, "--format", "csv"];
  return parseCsv(execFileSync(bin, args, { maxBuffer: 1 << 30, encoding: "utf8" }));
}

/** Runs an experiment that is written here, simulated, into the folder RUNS; reads its recording. */
export function record(source, seed) {
  const [bin, runs] = [process.env.RUMORMILL_BIN, process.env.RUNS];
  if (!bin || !runs)
    throw new Error("set RUMORMILL_BIN to the command and RUNS to the runs' folder");
  const folder = mkdtempSync(join(tmpdir(), "rumormill-"));
  try {
    writeFileSync(join(folder, "test.star"), source);
    const args = ["run", "test", "--experiments", folder, "--record", runs, "--seed", String(seed)];
    const said = execFileSync(bin, [...args, "--json"], { encoding: "utf8", stdio: "pipe" });
    const id = basename(JSON.parse(said).run);
    return { id, trace: eventsOf(id) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Runs an experiment to its end, and reads its recording. */
export async function simulate(lab, experiment, values, seed) {
  const run = await lab.page.evaluate(
    async (order) => {
      const init = { method: "POST", headers: { "Content-Type": "application/json" } };
      const begun = await fetch("/api/runs", { ...init, body: JSON.stringify(order) });
      const { run } = await begun.json();
      for (;;) {
        const now = await (await fetch(`/api/runs/${run}`)).json();
        if (now.state === "ended" && now.folder) return now;
        await new Promise((done) => setTimeout(done, 50));
      }
    },
    { experiment, values, as: "sim", seed, speed: "max", record: true },
  );
  return { ...run, trace: eventsOf(run.name) };
}

export const peerOf = (id) => Number(BigInt(id) >> COUNT_BITS);
export const countOf = (id) => Number(BigInt(id) & COUNT_MASK);
export const idOf = (peer, count) => String((BigInt(peer) << COUNT_BITS) | BigInt(count));

/** Events by id. */
export function byId(events) {
  return new Map(events.map((event) => [event.id, event]));
}

/** Every sent message with what became of it: [sent, delivered or dropped or null]. */
export function messages(events) {
  const ends = new Map();
  for (const event of events)
    if ((event.kind === "delivered" || event.kind === "dropped") && event.cause)
      if (!ends.has(event.cause)) ends.set(event.cause, event);
  return events.filter((e) => e.kind === "sent").map((sent) => [sent, ends.get(sent.id) ?? null]);
}

/**
 * Everything that led to an event, or that it led to, the event itself among it: what a cause names, and
 * what came before or after at the same peer.
 */
export function cone(events, id, direction) {
  const known = byId(events);
  const atPeer = new Map();
  for (const event of events) {
    if (!atPeer.has(event.peer)) atPeer.set(event.peer, []);
    atPeer.get(event.peer).push(event.id);
  }
  const led = new Map();
  for (const event of events) {
    if (!event.cause) continue;
    if (!led.has(event.cause)) led.set(event.cause, []);
    led.get(event.cause).push(event.id);
  }
  for (const ids of atPeer.values()) ids.sort((a, b) => countOf(a) - countOf(b));
  const place = new Map();
  for (const ids of atPeer.values()) for (const [i, at] of ids.entries()) place.set(at, i);
  const next = (at) => {
    const event = known.get(at);
    const along = atPeer.get(event.peer)[place.get(at) + (direction === "past" ? -1 : 1)];
    const across = direction === "past" ? (event.cause ? [event.cause] : []) : (led.get(at) ?? []);
    return [along, ...across].filter((to) => to !== undefined && known.has(to));
  };
  const seen = new Set([id]);
  const open = [id];
  while (open.length > 0)
    for (const to of next(open.pop()))
      if (!seen.has(to)) {
        seen.add(to);
        open.push(to);
      }
  return seen;
}

/** The chain of causes from its root to an event. */
export function path(events, id) {
  const known = byId(events);
  const out = [];
  for (let at = known.get(id); at; at = at.cause ? known.get(at.cause) : undefined) out.unshift(at);
  return out;
}

/** For each a, the first b after it within so many seconds: on the same peer, or on any. */
export function followed(events, a, b, within_s, same = true) {
  const sorted = [...events].sort((x, y) => x.ns - y.ns);
  const out = [];
  for (const first of sorted.filter(a)) {
    const second = sorted.find(
      (e) =>
        e.id !== first.id &&
        after(first, e) &&
        e.ns - first.ns <= within_s * 1e9 &&
        (!same || e.peer === first.peer) &&
        b(e),
    );
    if (second) out.push([first, second]);
  }
  return out;
}

function after(first, second) {
  if (first.peer === second.peer) return countOf(second.id) > countOf(first.id);
  return second.ns > first.ns;
}

/** The states that each peer is in at a moment: a map from peer to the names, outermost first. */
export function statesAt(events, t) {
  const active = new Map();
  for (const event of events) {
    if (event.t > t) continue;
    const now = active.get(event.peer) ?? [];
    if (event.kind === "entered")
      active.set(event.peer, [...now.filter((s) => s !== event.name), event.name]);
    if (event.kind === "exited")
      active.set(
        event.peer,
        now.filter((s) => s !== event.name),
      );
    if (event.kind === "crashed") active.set(event.peer, []);
  }
  return active;
}
