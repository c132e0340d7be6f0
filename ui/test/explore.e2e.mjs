// Many seeds and sweeps in a real browser: the wall, the smallest case, and the points of a sweep, against
// the command line.
//
// RUMORMILL_URL, SCREENSHOTS as in flood.e2e.mjs; RUMORMILL_BIN and RUNS: see truth.mjs.

import { execFile } from "node:child_process";
import { finish, holds, id } from "./steps.mjs";
import { visit } from "./visit.mjs";

const url = process.env.RUMORMILL_URL;
const origin = url && new URL(url).origin;

/** What the command line prints as JSON, whatever its exit code. */
const command = (args) =>
  new Promise((done) => {
    execFile(process.env.RUMORMILL_BIN, args, { maxBuffer: 1 << 26 }, (_, text) =>
      done(JSON.parse(text)),
    );
  });

const post = (page, path, body) =>
  page.evaluate(
    async ([at, order]) => {
      const headers = { "Content-Type": "application/json" };
      return (await fetch(at, { method: "POST", headers, body: JSON.stringify(order) })).json();
    },
    [path, body],
  );

async function wall(lab) {
  const values = { peers: 12, degree: 4, anti_entropy: false, loss: 0.3 };
  const order = { experiment: "flood", values, seeds: [1, 40] };
  const { job, error } = await post(lab.page, "/api/explore", order);
  if (!job) throw new Error(error?.message ?? "the exploration did not start");
  await lab.page.goto(`${origin}/#/explore/${job}`);
  await holds("all seeds run", async () => (await lab.attribute("explore", "state")) === "ended");
  const outcomes = await lab.attribute("wall", "outcomes");
  await holds("each has an outcome", async () => /^[ctvf]{40}$/.test(outcomes));
  const first = outcomes.search(/[tvf]/) + 1;
  await holds("the first failing seed is pointed out", async () => {
    return first > 0 && (await lab.number("first-failing", "seed")) === first;
  });
  const set = Object.entries(values).flatMap(([name, value]) => ["--set", `${name}=${value}`]);
  const letters = { completed: "c", "time-limit": "t", violated: "v", failed: "f" };
  const bin = process.env.RUMORMILL_BIN;
  const seeds = [first, ...[2, 11, 23, 40].filter((seed) => seed !== first)];
  for (const seed of bin ? seeds : []) {
    const args = ["run", "flood", ...set, "--seed", String(seed), "--no-record", "--json"];
    const { outcome } = await command(args);
    await holds(`seed ${seed} ends as on the command line: ${outcome}`, async () => {
      return outcomes[seed - 1] === letters[outcome];
    });
  }
  await lab.picture("explore");
  return { first };
}

async function smallest(lab) {
  await holds("it was made smaller", async () => {
    const peers = lab.page.locator(`${id("shrink")} [data-pair="peers"]`);
    const [, before, now] = /(\d+)\D+(\d+)/.exec(await peers.textContent()) ?? [];
    console.log(`        peers ${before} to ${now}`);
    return Number(now) < Number(before);
  });
  await lab.click("open-found");
  await holds("the smallest case opens", () => lab.is("run-outcome", /./));
  await lab.picture("explore-found");
}

async function sweep(lab) {
  const points = [5, 20, 80];
  const order = {
    experiment: "flood",
    values: {},
    parameter: "peers",
    points,
    seeds: [1, 4],
    as: "sim",
  };
  const { job, error } = await post(lab.page, "/api/sweeps", order);
  if (!job) throw new Error(error?.message ?? "the sweep did not start");
  await lab.page.goto(`${origin}/#/sweep/${job}`);
  await holds("the sweep ends", async () => (await lab.attribute("sweep", "state")) === "ended");
  await lab.page.selectOption(id("sweep-measure"), "messages_sent");
  for (const peers of points) {
    const sent = [];
    for (const seed of [1, 2, 3, 4]) {
      const args = ["run", "flood", "--peers", String(peers), "--seed", String(seed)];
      const run = await command([...args, "--no-record", "--json"]);
      sent.push(run.messages.sent);
    }
    const mean = sent.reduce((a, b) => a + b, 0) / sent.length;
    await holds(`the mean of ${peers} peers is that of the same runs by hand`, async () => {
      const row = lab.page.locator(`${id("sweep-table")} [data-point="${peers}"] td`).first();
      return Math.abs(Number(await row.getAttribute("data-value")) - mean) < 1e-6;
    });
  }
  await lab.picture("sweep");
  await lab.page.emulateMedia({ colorScheme: "dark" });
  await lab.page.waitForTimeout(200);
  await lab.picture("sweep-dark");
}

async function tests(lab) {
  for (const part of [wall, smallest, sweep]) await part(lab);
}

await finish(() => visit(tests));
