// The graph in a real browser, against what truly happened: where peers stand in each layout, which links
// there are, finding, paths, lasso, groups, partitions; and how fast a hand is answered when the picture
// is large.
//
// RUMORMILL_URL  the address that the lab printed, with its token
// RUNS           the folder where this lab records
// RUMORMILL_BIN  the command line, to make runs and to read them
// SCREENSHOTS    a folder for pictures; none are taken without it
// PAGE           where the page is served when not by the lab, on the same host: vite's address
// ONLY           parts to run, between commas; all without it

import { execFileSync } from "node:child_process";
import { mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { openBrowser, openPage } from "./browser.mjs";
import { large } from "./large.mjs";
import { finish, holds, id, Lab } from "./steps.mjs";
import { eventsOf } from "./truth.mjs";

const url = process.env.RUMORMILL_URL;
const runs = process.env.RUNS;
const bin = process.env.RUMORMILL_BIN;

const REGIONS = ["europe", "america", "asia", "africa", "oceania"];
const WORLD = `experiment(
    title = "Flood around the world",
    about = "Peers in five regions; split in halves from 60 ms on.",
    protocol = "flood",
    parameters = [
        count("peers", 40, min = 2, help = "Number of peers"),
        expression("messages", "1 if peerid == 1 else 0", variables = ["peerid"], help = "Messages"),
    ],
    network = latency(regions = {
        ("europe", "europe"): "10ms", ("america", "america"): "15ms", ("asia", "asia"): "20ms",
        ("africa", "africa"): "20ms", ("oceania", "oceania"): "10ms", ("europe", "america"): "45ms",
        ("europe", "asia"): "90ms", ("europe", "africa"): "50ms", ("europe", "oceania"): "140ms",
        ("america", "asia"): "80ms", ("america", "africa"): "95ms", ("america", "oceania"): "100ms",
        ("asia", "africa"): "110ms", ("asia", "oceania"): "60ms", ("africa", "oceania"): "160ms",
    }, jitter = 0.1),
    topology = random_graph(6),
    faults = [at("60ms", partition(halves()))],
    stop = targets_met(within = "60s"),
)
`;

/** Runs an experiment into the lab's folder; returns the run's id. */
export function make(experiment, ...args) {
  const options = ["run", experiment, "--record", runs, "--json", ...args];
  const text = execFileSync(bin, options, {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  });
  return basename(JSON.parse(text).run);
}

/** Links from the trace: "from-to" for each that carried a message. */
function linksOf(events) {
  const sent = events.filter((e) => e.kind === "sent" && e.other !== null && e.other !== e.peer);
  return new Set(sent.map((e) => `${e.peer}-${e.other}`));
}

/** The graph's own view of things: where discs are. */
class Graph extends Lab {
  open = async (run, query = "") => {
    // Another search part makes it a page of its own, not a step on the same one.
    this.opened = (this.opened ?? 0) + 1;
    const address = `${this.address}?page=${this.opened}#/run/${run}/graph${query}`;
    // The page before may just now write its cursor into the address, which cancels a way out of it.
    await this.page.goto(address).catch(() => this.page.goto(address));
    await this.page.waitForSelector(id("graph-canvas"));
  };
  /** Where each unit stands: [unit, x, y] in the picture's own coordinates. */
  places = () =>
    this.page.evaluate(() => {
      const { units, places } = globalThis.rumormillGraph.placed;
      return [...units].map((unit, i) => [unit, places[2 * i], places[2 * i + 1]]);
    });
  /** Where a peer is on the screen. */
  spot = (peer) =>
    this.page.evaluate((of) => {
      const stage = globalThis.rumormillGraph;
      const box = document.querySelector(".picture").getBoundingClientRect();
      const [x, y] = stage.at(stage.indexOf(of));
      return [x + box.left, y + box.top];
    }, peer);
  drawn = (key) => this.number("graph-canvas", key);
  /** Waits until the layout stands. */
  settled = (layout, units) =>
    holds(`${layout} is laid out`, async () => {
      const is = await this.attribute("graph-canvas", "layout");
      return is === layout && (await this.places()).length === units;
    });
}

const far = ([, x, y]) => Math.hypot(x, y);
const apart = ([, ax, ay], [, bx, by]) => Math.hypot(ax - bx, ay - by);
const mean = (list) => list.reduce((sum, n) => sum + n, 0) / list.length;

/** Ring: all on one circle in the order of their numbers; links are those of the trace. */
async function ring(graph, run, events) {
  await graph.open(run);
  await graph.settled("ring", 40);
  const places = await graph.places();
  await holds("all peers are on one circle", async () =>
    places.every((p) => Math.abs(far(p) - 1) < 1e-5),
  );
  await holds("in the order of their numbers, clockwise from the top", async () =>
    places.every(([peer, x, y]) => {
      const turn = (Math.atan2(x, -y) / (2 * Math.PI) + 1) % 1;
      return Math.abs(turn - (peer - 1) / 40) < 1e-5;
    }),
  );
  const truth = linksOf(events).size;
  await holds(`the ${truth} links of the trace are drawn`, async () => {
    return (
      (await graph.drawn("edges-drawn")) === truth && (await graph.drawn("edges-known")) === truth
    );
  });
  await graph.picture("graph-ring");
}

/** Places: peers of a region together, and regions the farther the slower the way between them. */
async function places(graph, run) {
  await graph.open(run, "?layout=places");
  await graph.settled("places", 40);
  const at = await graph.places();
  const region = (peer) => (peer - 1) % REGIONS.length;
  const middles = REGIONS.map((_, r) => {
    const own = at.filter(([peer]) => region(peer) === r);
    return [r, mean(own.map((p) => p[1])), mean(own.map((p) => p[2]))];
  });
  await holds("every peer is nearest to the middle of its own region", async () =>
    at.every((p) => {
      const best = middles.reduce((a, b) => (apart(p, b) < apart(p, a) ? b : a));
      return best[0] === region(p[0]);
    }),
  );
  const plan = JSON.parse(await readFile(join(runs, run, "run.json"), "utf8")).plan;
  const { latency } = plan.network.latency.regions;
  await holds("distances follow the plan's latencies", async () => {
    const pairs = [];
    for (let a = 0; a < 5; a++)
      for (let b = a + 1; b < 5; b++)
        pairs.push([latency[a * 5 + b].nanos, apart(middles[a], middles[b])]);
    return correlation(pairs) > 0.9;
  });
  await graph.picture("graph-places");
  await graph.page.emulateMedia({ colorScheme: "dark" });
  await graph.page.waitForTimeout(400);
  await graph.picture("graph-places-dark");
  await graph.page.emulateMedia({ colorScheme: "light" });
}

function correlation(pairs) {
  const [mx, my] = [mean(pairs.map((p) => p[0])), mean(pairs.map((p) => p[1]))];
  const sum = (of) => pairs.reduce((total, [x, y]) => total + of(x - mx, y - my), 0);
  return sum((x, y) => x * y) / Math.sqrt(sum((x) => x * x) * sum((_, y) => y * y));
}

/** First deliveries by the trace: peer to [from, seconds]. */
function firstDeliveries(events) {
  const first = new Map();
  const delivered = events.filter((e) => e.kind === "delivered").sort((a, b) => a.ns - b.ns);
  const root = delivered[0]?.other;
  for (const { peer, other, t } of delivered)
    if (peer !== root && peer !== other && !first.has(peer)) first.set(peer, [other, t]);
  return { first, root };
}

/** Tree: farther from the middle with each message, and the last peer reached is told with its way. */
async function tree(graph, run, events) {
  await graph.open(run, "?layout=tree");
  await graph.settled("tree", 40);
  const { first, root } = firstDeliveries(events);
  const depth = (peer) => (peer === root ? 0 : 1 + depth(first.get(peer)[0]));
  const deepest = Math.max(...[...first.keys()].map(depth));
  await holds("each ring is one message further from who began", async () =>
    (await graph.places()).every(
      (p) => Math.abs(far(p) - depth(p[0]) / deepest) < (0.36 / deepest) * 2 + 1e-6,
    ),
  );
  const at = await graph.places();
  await holds("who began is in the middle", async () => far(at.find(([p]) => p === root)) < 1e-6);
  const [last, [, when]] = [...first].reduce((a, b) => (b[1][1] > a[1][1] ? b : a));
  const way = [last];
  while (way[0] !== root) way.unshift(first.get(way[0])[0]);
  await holds(`the words tell that peer ${last} was last, and through whom`, async () => {
    const words = await graph.text("graph-tree");
    const time = when < 0.1 ? (when * 1000).toPrecision(3) : when.toPrecision(3);
    return (
      words.includes(`${first.size} peers reached; the last one is peer ${last}`) &&
      words.includes(time) &&
      words.endsWith(way.join(" → "))
    );
  });
  await graph.picture("graph-tree");
}

/** Force: connected peers end up closer than others. */
async function force(graph, run, events) {
  await graph.open(run, "?layout=force");
  await graph.settled("force", 40);
  const linked = linksOf(events);
  await holds("peers that exchange messages stand closer than others", async () => {
    const at = await graph.places();
    const [near, others] = [[], []];
    for (const a of at)
      for (const b of at)
        if (a[0] < b[0])
          (linked.has(`${a[0]}-${b[0]}`) || linked.has(`${b[0]}-${a[0]}`) ? near : others).push(
            apart(a, b),
          );
    return mean(near) < 0.9 * mean(others);
  });
  await graph.page.waitForTimeout(1500);
  await graph.picture("graph-force");
}

/** Groups by place: a disc each, links between them summed up, opened by a click. */
async function groups(graph, run, events) {
  await graph.open(run, "?layout=places&collapse=place");
  await graph.settled("places", 5);
  const region = (peer) => (peer - 1) % 5;
  const between = new Set(
    [...linksOf(events)]
      .map((link) => link.split("-").map((p) => region(Number(p))))
      .filter(([a, b]) => a !== b)
      .map(String),
  );
  await holds(`${between.size} links between five regions`, async () => {
    return (await graph.drawn("edges-drawn")) === between.size;
  });
  await graph.picture("graph-groups");
  const [x, y] = await graph.page.evaluate(() => {
    const stage = globalThis.rumormillGraph;
    const box = document.querySelector(".picture").getBoundingClientRect();
    const [px, py] = stage.at(stage.placed.units.indexOf(-1));
    return [px + box.left, py + box.top];
  });
  await graph.page.mouse.click(x, y);
  await holds("a click opens one: its eight peers and four groups", async () => {
    const units = (await graph.places()).map(([unit]) => unit);
    return units.filter((u) => u > 0).every((p) => region(p) === 0) && units.length === 12;
  });
  await graph.picture("graph-group-opened");
  await graph.fill("graph-find", "7");
  await graph.page.keyboard.press("Enter");
  await holds("finding a peer opens its group", async () => {
    const units = (await graph.places()).map(([unit]) => unit);
    return units.includes(7) && units.includes(2) && !units.includes(3) && units.length === 19;
  });
}

/** Find, select, path, lasso, link. */
async function hands(graph, run, events) {
  await graph.open(run);
  await graph.settled("ring", 40);
  await graph.fill("graph-find", "77");
  await graph.page.keyboard.press("Enter");
  await holds("a peer that is not there is told so", () =>
    graph.is("graph-find-problem", /no peer 77/),
  );
  await graph.fill("graph-find", "17");
  await graph.page.keyboard.press("Enter");
  await holds("a peer is found and selected", () => graph.is("inspector-title", /^Peer 17$/));
  await holds("and brought to the middle", async () => {
    const box = await graph.page.locator(".picture").first().boundingBox();
    const [x, y] = await graph.spot(17);
    return Math.hypot(x - box.x - box.width / 2, y - box.y - box.height / 2) < 3;
  });
  await graph.picture("graph-found");
  await path(graph, events);
  await lasso(graph);
}

/** The length of the shortest way over links that delivered something, from the trace. */
function hops(events, from, to) {
  const next = new Map();
  for (const { kind, peer, other } of events)
    if (kind === "sent") next.set(peer, (next.get(peer) ?? new Set()).add(other));
  const lost = new Map();
  for (const e of events)
    if (e.kind === "dropped")
      lost.set(`${e.other}-${e.peer}`, (lost.get(`${e.other}-${e.peer}`) ?? 0) + 1);
  const far = new Map([[from, 0]]);
  const open = [from];
  for (let at = open.shift(); at !== undefined; at = open.shift())
    for (const peer of next.get(at) ?? [])
      if (!far.has(peer)) {
        far.set(peer, far.get(at) + 1);
        open.push(peer);
      }
  return far.get(to);
}

async function path(graph, events) {
  await graph.page.keyboard.press("Escape");
  await graph.page.keyboard.press("f");
  await graph.page.waitForTimeout(300);
  await graph.page.mouse.click(...(await graph.spot(1)));
  await holds("a click selects a peer", () => graph.is("inspector-title", /^Peer 1$/));
  await graph.page.keyboard.down("Control");
  await graph.page.mouse.click(...(await graph.spot(15)));
  await graph.page.keyboard.up("Control");
  await holds("control and a click show the shortest path", async () => {
    const peers = (await graph.attribute("graph-canvas", "path")).split("-").map(Number);
    const links = linksOf(events);
    const real = peers.slice(1).every((peer, i) => links.has(`${peers[i]}-${peer}`));
    return peers[0] === 1 && peers.at(-1) === 15 && real && peers.length - 1 >= hops(events, 1, 15);
  });
  await holds("and say it in words", () => graph.is("graph-path", /^1 → .*15: \d+ hops?$/));
  await graph.picture("graph-path");
}

async function lasso(graph) {
  await graph.page.keyboard.press("Escape");
  const wanted = [1, 2, 3, 4];
  const spots = await Promise.all(wanted.map((peer) => graph.spot(peer)));
  const [left, right] = [
    Math.min(...spots.map((s) => s[0])) - 9,
    Math.max(...spots.map((s) => s[0])) + 9,
  ];
  const [top, bottom] = [
    Math.min(...spots.map((s) => s[1])) - 9,
    Math.max(...spots.map((s) => s[1])) + 9,
  ];
  const inside = await graph.page.evaluate(
    (box) => {
      const stage = globalThis.rumormillGraph;
      const host = document.querySelector(".picture").getBoundingClientRect();
      return [...stage.placed.units].filter((_, i) => {
        const [x, y] = stage.at(i);
        const [px, py] = [x + host.left, y + host.top];
        return px > box[0] && px < box[1] && py > box[2] && py < box[3];
      });
    },
    [left, right, top, bottom],
  );
  await graph.page.keyboard.down("Shift");
  await graph.page.mouse.move(left, top);
  await graph.page.mouse.down();
  for (const [x, y] of [
    [right, top],
    [right, bottom],
    [left, bottom],
    [left, top + 5],
  ])
    await graph.page.mouse.move(x, y, { steps: 6 });
  await graph.picture("graph-lasso");
  await graph.page.mouse.up();
  await graph.page.keyboard.up("Shift");
  await holds(`a lasso selects the ${inside.length} peers inside`, () =>
    graph.is("inspector-title", new RegExp(`\\b${inside.length} peers`)),
  );
}

/** A click on a link selects it. */
async function link(graph) {
  const run = make("flood", "--peers", "3");
  await graph.open(run);
  await graph.settled("ring", 3);
  const [a, b] = [await graph.spot(1), await graph.spot(2)];
  const at = (t) => {
    const m = [(a[0] + b[0]) / 2 - (b[1] - a[1]) * 0.09, (a[1] + b[1]) / 2 + (b[0] - a[0]) * 0.09];
    const u = 1 - t;
    return [0, 1].map((i) => u * u * a[i] + 2 * u * t * m[i] + t * t * b[i]);
  };
  await graph.page.mouse.move(...at(0.4));
  const sent = eventsOf(run).filter((e) => e.kind === "sent" && e.peer === 1 && e.other === 2);
  await holds(`the link under the pointer tells its ${sent.length} messages`, () =>
    graph.is("graph-tip", new RegExp(`Peer 1 → Peer 2: ${sent.length} message`)),
  );
  await graph.page.mouse.click(...at(0.4));
  await holds("a click selects the link", async () => /link=1-2/.test(graph.page.url()));
  await graph.picture("graph-link");
}

/** A partition is seen while it is in force, and only then. */
async function sides(graph, run, events) {
  await graph.open(run);
  await holds("at the end the halves are told apart", async () => {
    return (await graph.attribute("graph-canvas", "sides")) === "20-20";
  });
  await graph.open(run, "?t=0.03");
  await graph.settled("ring", 40);
  await holds("before the partition there are no sides", async () => {
    const t = await graph.attribute("cursor", "t");
    const n = await graph.number("cursor", "n");
    const drawn = (await graph.drawn("edges-drawn")) > 0;
    return (
      drawn && n > 0 && Number(t) <= 0.03 && (await graph.attribute("graph-canvas", "sides")) === ""
    );
  });
  const soFar = linksOf(events.filter((event) => event.t <= 0.03)).size;
  await holds(`and the ${soFar} links that there were by then`, async () => {
    return (await graph.drawn("edges-drawn")) === soFar;
  });
  const before = await graph.places();
  await graph.page.keyboard.press("End");
  await holds("and after a jump to the end there are", async () => {
    return (await graph.attribute("graph-canvas", "sides")) === "20-20";
  });
  const after = await graph.places();
  await holds("nobody has moved meanwhile", async () => String(before) === String(after));
}

/** More peers than a picture has room for: cells, in true counts. */
async function cells(graph) {
  const run = make("flood", "--peers", "30000", "--messages", "1 if peerid == 1 else 0");
  const truth = JSON.parse(await readFile(join(runs, run, "run.json"), "utf8"));
  const sent = truth.messages.sent.toLocaleString("en-US");
  const started = Date.now();
  await graph.open(run);
  await graph.settled("grid", 1000);
  console.log(`        30,000 peers in cells after ${Date.now() - started} ms`);
  await holds("peers, done ones and messages in true counts", async () => {
    const words = await graph.text("graph-counts");
    return (
      words.includes("30,000 peers in 1,000 groups of 30") &&
      words.includes("30,000 done") &&
      words.includes(`${sent} messages`)
    );
  });
  await graph.picture("graph-cells");
  const box = await graph.page.locator(".picture").first().boundingBox();
  await graph.page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  for (let i = 0; i < 14; i++) await graph.page.mouse.wheel(0, -100);
  await holds(
    "cells dissolve into their peers when they are close",
    async () => {
      const units = (await graph.places()).map(([unit]) => unit).filter((unit) => unit > 0);
      return units.length >= 30;
    },
    10_000,
  );
  await holds("and the camera stays where it was", async () => {
    return (await graph.page.evaluate(() => globalThis.rumormillGraph.cell)) > 100;
  });
  await graph.picture("graph-cells-dissolved");
}

async function main() {
  if (!url || !runs || !bin) throw new Error("set RUMORMILL_URL, RUNS and RUMORMILL_BIN");
  const folder = await mkdtemp(join(tmpdir(), "rumormill-"));
  await writeFile(join(folder, "world.star"), WORLD);
  const world = make(join(folder, "world.star"));
  const events = eventsOf(world);
  const browser = await openBrowser();
  try {
    const { page, complaints, context } = await openPage(browser, { colorScheme: "light" });
    await context.addInitScript(() => {
      localStorage.setItem("rumormill-debug", "1");
      localStorage.setItem("rumormill-tour", "done");
    });
    page.on("response", (answer) => {
      if (answer.status() >= 400) console.log(`        ${answer.status()} ${answer.url()}`);
    });
    await page.goto(url);
    const graph = new Graph(page);
    graph.address = process.env.PAGE ?? url.replace(/\?.*$/, "");
    const only = process.env.ONLY?.split(",");
    const parts = { ring, places, tree, force, groups, hands, link, sides, cells, large };
    for (const [name, part] of Object.entries(parts))
      if (!only || only.includes(name)) await part(graph, world, events, make);
    await holds("the console has no error", async () => complaints.length === 0, 0);
    for (const complaint of complaints) console.log(`        ${complaint}`);
  } finally {
    await browser.close();
  }
}

await finish(main);
