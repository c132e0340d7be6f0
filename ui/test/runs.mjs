// Runs of a lab as browser tests see them: what the lab says of one, and where the page's cursor is.

import { readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { boxOf } from "./steps.mjs";
import { eventsOf } from "./truth.mjs";

/** What the lab says of a run, asked by the page itself: it has the token. */
export function ask(page, path) {
  return page.evaluate(async (path) => {
    const answer = await fetch(`/api/${path}`, { headers: { Accept: "application/json" } });
    return { status: answer.status, body: await answer.json() };
  }, path);
}

/** The id of the run in the address. */
export function runInAddress(page) {
  return decodeURIComponent(/#\/run\/([^/?]+)/.exec(page.url())?.[1] ?? "");
}

/** The run in the address, as the lab knows it. */
export async function openRun(page) {
  const { body } = await ask(page, `runs/${encodeURIComponent(runInAddress(page))}`);
  return body;
}

/** Its recording's events, in the order of the recording; a run that has ended is written a moment later. */
export async function recordingOf(page) {
  const run = await openRun(page);
  const name = basename(run.folder);
  for (let tries = 0; tries < 100; tries++) {
    const file = JSON.parse(await readFile(join(process.env.RUNS, name, "run.json"), "utf8"));
    if (file.state !== "running") break;
    await page.waitForTimeout(50);
  }
  return eventsOf(name);
}

/** The cursor as the page shows it. */
export async function cursorOf(page) {
  const data = await page
    .locator('[data-testid="cursor"]')
    .evaluate((at) => ({ ...at.dataset }), null, { timeout: 2000 });
  return {
    ...{ t: Number(data.t), n: Number(data.n), of: Number(data.of), speed: Number(data.speed) },
    live: data.live === "true",
  };
}

/** Waits until the cursor has stood still for a moment, and gives it. */
export async function restingCursor(page, still_ms = 300) {
  let last = "";
  let since = Date.now();
  const until = Date.now() + 15_000;
  while (Date.now() < until) {
    const now = JSON.stringify(await cursorOf(page));
    if (now !== last) since = Date.now();
    last = now;
    if (Date.now() - since >= still_ms) break;
    await page.waitForTimeout(40);
  }
  return JSON.parse(last);
}

/** Events up to a moment: the lab's clock has nanoseconds. */
export const upTo = (events, t) => events.filter((e) => e.ns <= Math.round(t * 1e9)).length;

/** Drags the cursor to a share of the timeline. */
export async function dragTo(page, share, from = 1) {
  const box = await boxOf(page.locator('[data-testid="timeline"] .course'));
  const y = box.y + box.height / 2;
  const x = (at) => box.x + 1 + at * (box.width - 2);
  await page.mouse.move(x(from), y);
  await page.mouse.down();
  await page.mouse.move(x((from + share) / 2), y, { steps: 3 });
  await page.mouse.move(x(share), y, { steps: 5 });
  await page.mouse.up();
}

/** Presses a key where no control has the focus. */
export async function press(page, key) {
  await page.evaluate(() => document.activeElement?.blur());
  await page.keyboard.press(key);
}

/** Changes the address's details behind the ?, as a shared address would. */
export async function setDetails(page, details) {
  await page.evaluate((details) => {
    const [path, search] = location.hash.split("?");
    const query = new URLSearchParams(search ?? "");
    for (const [key, value] of Object.entries(details))
      if (value === null) query.delete(key);
      else query.set(key, value);
    location.hash = `${path}?${query}`;
  }, details);
}
