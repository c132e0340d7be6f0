// A stand-in for the lab: its HTTP and WebSocket interface over scripted runs. Test tooling only.

import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import { WebSocketServer } from "ws";
import { Flood } from "./flood.mjs";
import { Cursor, timeline } from "./past.mjs";

/** The built page: DIST names another than the committed one. */
const DIST = process.env.DIST ?? new URL("../../dist/", import.meta.url).pathname;
const TYPES = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
};
/** As strict as the real lab's, so that a violation shows here first. */
const POLICY =
  "default-src 'self'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'";

const SOURCE = `experiment(
    title = "Flood community",
    about = "Every peer floods its messages; the run ends when all have all.",
    protocol = "flood",
    parameters = [
        count("peers", 10, min = 1, help = "Number of peers"),
        expression("messages", "1", variables = ["peerid"]),
    ],
    network = latency(uniform = ("5ms", "50ms")) + loss(0.01),
    stop = targets_met(within = "60s"),
)
`;

const parameters = [
  { name: "peers", kind: "count", default: 10, help: "Number of peers", min: 1, max: 1000000 },
  {
    name: "messages",
    kind: "expression",
    default: "1",
    help: "Messages per peer; may use peerid (1 to peers)",
    variables: ["peerid"],
  },
  { name: "fanout", kind: "count", default: 10, help: "Neighbors a message is pushed to" },
  {
    name: "signed",
    kind: "choice",
    default: "auto",
    choices: ["auto", "yes", "no"],
    help: "Authors sign",
  },
  { name: "anti_entropy", kind: "flag", default: true, help: "Compare digests each second" },
  { name: "loss", kind: "number", default: 0.01, help: "Share of messages lost" },
];

const flood = {
  name: "flood",
  title: "Flood community",
  about: "Every peer floods its messages; the run ends when all have all.",
  protocol: "flood",
  modes: ["sim", "processes"],
  parameters,
  network: "5 to 50 ms, 1 % loss",
  faults: [],
  stop: "when every target is met, within 60 s",
  source: SOURCE,
  broken: null,
};

const experiments = [
  flood,
  {
    ...flood,
    name: "flood-faults",
    title: "Flood under faults",
    about: "30 % loss, a partition healed after 6 s, three crashes and restarts from disk.",
    faults: [
      { at_s: 3, text: "partition into halves" },
      { at_s: 6, text: "heal" },
      { at_s: 7.5, text: "crash peers 2, 3 and 5" },
    ],
  },
  {
    ...flood,
    name: "mine",
    title: "mine",
    parameters: [],
    source: "experiment(\n    title = \n)\n",
    broken: { message: "expected an expression after =", line: 2, column: 13 },
  },
];

/** Totals as the real lab finds them, for the few expressions that tests use. */
function check({ values }) {
  const { peers, messages } = values;
  const errors = [];
  if (!Number.isInteger(peers) || peers < 1)
    errors.push({
      field: "peers",
      message: "expected a whole number from 1 to 1,000,000",
      line: null,
      column: null,
    });
  const text = String(messages);
  if (/==\s*$/.test(text))
    errors.push({
      field: "messages",
      message: 'expected an expression after "==" (for example: 100 if peerid == 1 else 0)',
      line: 1,
      column: text.length,
    });
  else if (!/^[\w\s=+*/%()]+$/.test(text))
    errors.push({ field: "messages", message: "not an expression", line: 1, column: 1 });
  const one = /^(\d+) if peerid == 1 else 0$/.exec(text);
  const total = one ? Number(one[1]) : Number(text) * peers || 0;
  return {
    ok: errors.length === 0,
    errors,
    totals: errors.length ? {} : { messages: total },
    warnings: [],
  };
}

export async function start({ port = 0, token = "fake" } = {}) {
  const runs = new Map();
  const server = createServer((request, response) => {
    serve(request, response).catch((error) => {
      response.writeHead(500).end(String(error));
    });
  });

  async function serve(request, response) {
    const url = new URL(request.url, "http://127.0.0.1");
    const cookie = `rumormill-fake=${token}`;
    const known =
      request.headers.cookie?.includes(cookie) || url.searchParams.get("token") === token;
    if (url.pathname.startsWith("/api/")) {
      if (!known) return json(response, 401, { error: { message: "no token" } });
      return api(request, response, url);
    }
    const file = normalize(url.pathname === "/" ? "/index.html" : url.pathname);
    const body = await readFile(join(DIST, file)).catch(() => null);
    if (!body) return response.writeHead(404).end();
    response.writeHead(200, {
      "Content-Type": TYPES[extname(file)] ?? "application/octet-stream",
      "Content-Security-Policy": POLICY,
      ...(known ? { "Set-Cookie": `${cookie}; HttpOnly; SameSite=Strict; Path=/` } : {}),
    });
    response.end(body);
  }

  async function api(request, response, url) {
    const [, , head, id, verb] = url.pathname.split("/");
    const body = request.method === "POST" ? await read(request) : null;
    if (head === "experiments") return json(response, 200, { experiments });
    if (head === "check") return json(response, 200, check(body));
    if (head === "stores") return json(response, 200, { stores: [] });
    if (head !== "runs") return json(response, 404, { error: { message: "no such thing" } });
    if (!id && request.method === "POST") return json(response, 201, { run: begin(body) });
    if (!id) return json(response, 200, { runs: [...runs.values()].map((r) => r.run).reverse() });
    const of = runs.get(decodeURIComponent(id));
    if (!of) return json(response, 404, { error: { message: `There is no run ${id}.` } });
    if (verb === "stop") {
      of.stop("stopped");
      return json(response, 200, {});
    }
    if (verb === "timeline")
      return json(response, 200, timeline(of, Number(url.searchParams.get("width") ?? 600)));
    if (verb === "log") return json(response, 200, log(of, url.searchParams));
    if (verb) return json(response, 404, { error: { message: `This lab has no ${verb}.` } });
    if (request.method === "DELETE") {
      runs.delete(of.run.id);
      return json(response, 200, {});
    }
    return json(response, 200, of.run);
  }

  function begin(order) {
    const id = `r${runs.size + 1}`;
    const { peers } = order.values;
    const goal = check(order).totals.messages || 1;
    const communities =
      order.experiment === "flood-faults" ? ["flood", "store", "overlay"] : ["flood"];
    const script = new Flood({ peers, goal, seed: order.seed, communities });
    const run = {
      ...{ id, name: `${id}-flood`, experiment: order.experiment, title: "Flood community" },
      ...{ mode: order.as, seed: order.seed, peers, state: "running", outcome: null },
      ...{
        started: new Date().toISOString(),
        digest: null,
        folder: order.record ? `runs/${id}` : null,
      },
      ...{ pids: order.as === "processes" ? [4001, 4002, 4003] : [], error: null, live: true },
      ...script.state(),
      parameters: order.values,
      values: order.values,
      plan: null,
    };
    const pages = new Set();
    const lines = [];
    const tell = (frame) => {
      for (const page of pages)
        if (page.cursor.n === null)
          page.send(JSON.stringify({ ...frame, cursor: page.cursor.row() }));
    };
    const end = (outcome) => {
      clearInterval(timer);
      Object.assign(run, { state: "ended", outcome, digest: "9f2c4a7be01d5533", live: false });
      tell({ type: "frame", t: script.t, run: { ...script.state(), ...ended(run) } });
    };
    const timer = setInterval(() => {
      const frame = script.step(0.1 / (order.slow ?? 1));
      lines.push(...frame.log);
      if (lines.length > 10000) lines.splice(0, lines.length - 10000);
      Object.assign(run, script.state());
      tell({ ...frame, run: { ...frame.run, state: "running", outcome: null, error: null } });
      if (script.ended) end("completed");
    }, 70);
    runs.set(id, { run, script, pages, lines, timer, stop: end });
    return id;
  }

  const sockets = new WebSocketServer({ noServer: true });
  server.on("upgrade", (request, socket, head) => {
    const id = decodeURIComponent(request.url.split("/")[3] ?? "");
    const of = runs.get(id);
    if (!of) return socket.destroy();
    sockets.handleUpgrade(request, socket, head, (page) => {
      const { run, script, pages } = of;
      page.cursor = new Cursor(of, (word) => page.send(JSON.stringify(word)));
      const hello = {
        type: "hello",
        run,
        peers: run.peers,
        aggregated: script.aggregated,
        ...script.names(),
      };
      page.send(JSON.stringify(hello));
      if (script.fresh)
        page.send(
          JSON.stringify({
            ...script.whole(),
            run: { ...script.state(), ...ended(run) },
            cursor: page.cursor.row(),
          }),
        );
      pages.add(page);
      page.on("message", (wish) => page.cursor.hear(JSON.parse(String(wish))));
      page.on("close", () => {
        page.cursor.end();
        pages.delete(page);
      });
    });
  });

  await new Promise((done) => server.listen(port, "127.0.0.1", done));
  const at = server.address().port;
  return {
    url: `http://127.0.0.1:${at}/?token=${token}`,
    close: () => {
      // As if it were killed: nobody is told how a run ended.
      for (const of of runs.values()) clearInterval(of.timer);
      for (const page of sockets.clients) page.terminate();
      server.closeAllConnections();
      return new Promise((done) => server.close(done));
    },
  };
}

function ended({ state, outcome, digest, error }) {
  return { state, outcome, digest, error };
}

function log({ lines }, query) {
  const limit = Number(query.get("limit") ?? 200);
  const [kind, text, peer, before] = ["kind", "text", "peer", "before"].map(
    (k) => query.get(k) ?? "",
  );
  const end = before ? lines.findIndex((l) => l.id === before) : lines.length;
  const found = lines
    .slice(0, Math.max(0, end))
    .filter(
      (l) =>
        (!kind || l.kind === kind) &&
        (!peer || String(l.peer) === peer || String(l.other) === peer) &&
        (!text || `${l.text} ${l.name} ${l.kind}`.includes(text)),
    );
  return { events: found.slice(-limit), more: found.length > limit };
}

function json(response, status, body) {
  response.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(body));
}

async function read(request) {
  let text = "";
  for await (const chunk of request) text += chunk;
  return JSON.parse(text || "{}");
}
