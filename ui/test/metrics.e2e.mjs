// Metrics in a real browser: what the plots, tables and files say against what the run's events say.
//
// RUMORMILL_URL, SCREENSHOTS as in flood.e2e.mjs; RUMORMILL_BIN and RUNS: see truth.mjs.

import { readFile } from "node:fs/promises";
import { finish, holds, id } from "./steps.mjs";
import { eventsOf, messages } from "./truth.mjs";
import { visit } from "./visit.mjs";

const url = process.env.RUMORMILL_URL;

/** Asks the lab from within its page, so with the page's cookie. */
const ask = (page, path, body) =>
  page.evaluate(
    async ([at, order]) => {
      const post = { method: "POST", headers: { "Content-Type": "application/json" } };
      const answer = await fetch(at, order ? { ...post, body: JSON.stringify(order) } : {});
      return answer.json();
    },
    [path, body],
  );

/** A recorded run that has ended. */
export async function recorded(page, order) {
  const speed = { as: "sim", speed: "max", record: true, ...order };
  const { run, error } = await ask(page, "/api/runs", speed);
  if (!run) throw new Error(error?.message ?? "the run did not start");
  for (let i = 0; i < 400; i++) {
    const now = await ask(page, `/api/runs/${run}`);
    if (now.state === "ended" && now.folder) return { ...now, name: now.folder.split("/").at(-1) };
    await new Promise((done) => setTimeout(done, 50));
  }
  throw new Error(`run ${run} did not end`);
}

/** The numbers of a plot's CSV file, column by column. */
async function file(lab, button) {
  const [download] = await Promise.all([lab.page.waitForEvent("download"), lab.click(button)]);
  return readFile(await download.path());
}

function table(bytes) {
  const [head, ...rows] = bytes.toString("utf8").trim().split("\r\n");
  const names = head.split(",");
  return { names, rows: rows.map((row) => row.split(",").map(Number)) };
}

/** Rates over columns of time, summed back into counts. */
function totals({ names, rows }) {
  const dt = rows.length > 1 ? rows[1][0] - rows[0][0] : 1;
  return Object.fromEntries(
    names
      .slice(1)
      .map((name, i) => [name, rows.reduce((sum, row) => sum + (row[i + 1] || 0), 0) * dt]),
  );
}

const near = (a, b, share = 0.002) => Math.abs(a - b) <= Math.max(1.5, Math.abs(b) * share);

async function rates(lab, events) {
  const plots = await lab.page.locator(".figure-plot").count();
  await holds("there are plots", async () => plots >= 3);
  const sent = events.filter((e) => e.kind === "sent");
  const answer = table(await file(lab, "csv-messages"));
  const sums = totals(answer);
  const found = Object.entries(sums).filter(([name]) => name.startsWith("sent "));
  await holds("the messages of the CSV file are those that were sent", async () => {
    const sum = found.reduce((all, [, value]) => all + value, 0);
    console.log(`        ${sum.toFixed(1)} in the file, ${sent.length} in the trace`);
    return found.length > 0 && near(sum, sent.length);
  });
}

async function latencies(lab, events) {
  const pairs = messages(events).filter(([, end]) => end?.kind === "delivered");
  const kinds = [...new Set(pairs.map(([sent]) => sent.name))];
  for (const kind of kinds) {
    const figure = lab.page.locator(`${id("metrics")} figure`, { hasText: `Latency of ${kind}` });
    if ((await figure.count()) === 0) continue;
    const spans = pairs
      .filter(([sent]) => sent.name === kind)
      .map(([sent, end]) => end.t - sent.t)
      .sort((a, b) => a - b);
    const p50 = spans[Math.ceil(spans.length / 2) - 1];
    const words = await figure.first().locator("svg.plot").getAttribute("aria-label");
    await holds(`the median latency of ${kind} is that of the trace`, async () => {
      const [, number, unit] = /p50 ([\d.]+) (µs|ms|s)/.exec(words) ?? [];
      const value = Number(number) * { s: 1, ms: 1e-3, µs: 1e-6 }[unit];
      console.log(`        ${value} s in the plot, ${p50} s in the trace`);
      return near(value * 1e4, p50 * 1e4, 0.02);
    });
    return;
  }
  await holds("a latency histogram is shown", async () => false, 0);
}

async function files(lab) {
  const svg = (await file(lab, "svg-messages")).toString("utf8");
  await holds("the SVG file stands alone", () =>
    lab.page.evaluate((text) => {
      const doc = new DOMParser().parseFromString(text, "image/svg+xml");
      const paths = [...doc.querySelectorAll("path")].filter(
        (p) => p.getAttribute("d")?.length > 20,
      );
      return !doc.querySelector("parsererror") && paths.length > 0 && !text.includes("var(--");
    }, svg),
  );
  const png = await file(lab, "png-messages");
  await holds("the PNG file is one, at twice the size", async () => {
    const width = Number(/width="(\d+)"/.exec(svg)?.[1]);
    return png.subarray(1, 4).toString() === "PNG" && png.readUInt32BE(16) === 2 * width;
  });
}

async function cursor(lab, run) {
  await lab.page.goto(
    `${new URL(url).origin}/#/run/${run.id}/metrics?t=${run.virtual_seconds / 2}`,
  );
  await lab.page.reload();
  await holds("the cursor of the address is drawn in every plot over time", async () => {
    const lines = await lab.page.locator(".plot-cursor").count();
    return lines > 0;
  });
  await lab.picture("metrics");
  await lab.page.emulateMedia({ colorScheme: "dark" });
  await lab.page.waitForTimeout(200);
  await lab.picture("metrics-dark");
}

async function tests(lab) {
  const { page } = lab;
  const values = { peers: 20, messages: "100 if peerid == 1 else 3" };
  const run = await recorded(page, { experiment: "flood", values, seed: 7 });
  const events = eventsOf(run.name);
  await page.goto(`${new URL(url).origin}/#/run/${run.id}/metrics`);
  await holds("the metrics open", () => lab.seen("metrics"));
  for (const part of [rates, latencies, files]) await part(lab, events);
  await cursor(lab, run);
}

if (process.argv[1]?.endsWith("metrics.e2e.mjs")) await finish(() => visit(tests));
