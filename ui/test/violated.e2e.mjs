// A run in which a property does not hold, in a real browser: what the page lists and marks, against run.json
// and the trace.
//
// RUMORMILL_URL, RUMORMILL_BIN, RUNS, SCREENSHOTS: see e2e.mjs

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { cursorOf, dragTo, restingCursor, setDetails } from "./runs.mjs";
import { finish, holds, id } from "./steps.mjs";
import { simulate } from "./truth.mjs";
import { visit } from "./visit.mjs";

/** How the diagram lies in its box, pixels: names to the left, a margin to the right, times above its flags. */
const [GUTTER, MARGIN, AXIS] = [64, 14, 22];

/** Opens a view of the run. */
async function open(lab, run, view) {
  await lab.page.evaluate((hash) => {
    location.hash = hash;
  }, `#/run/${run.id}/${view}`);
  await lab.page.waitForSelector(id("cursor"));
}

/** The header, and the list of what did not hold. */
async function listed(lab, run, violations) {
  const { page } = lab;
  await open(lab, run, "graph");
  await holds("the run is violated", async () => {
    return (await lab.attribute("run-outcome", "outcome")) === "violated";
  });
  await holds(`the list has ${violations.length}, with its name and what is wrong`, async () => {
    const items = await page.locator(`${id("violations")} li`).allInnerTexts();
    const says = (item, of) => item.includes(of.property) && item.includes(of.text);
    return (
      items.length === violations.length && violations.every((of, i) => says(items[i] ?? "", of))
    );
  });
  await lab.picture("violated-list");
  await dragTo(page, 0.3);
  await holds("the cursor goes elsewhere", async () => (await restingCursor(page)).t < 30);
  await page
    .locator(`${id("violations")} button`)
    .first()
    .click();
  await holds("a click on it leads to its moment", async () => {
    const { t } = await cursorOf(page);
    return Math.abs(t - violations[0].at_s) < 1e-6;
  });
}

/** Its mark on the timeline stands at its moment and leads there. */
async function marked(lab, run, violations, events) {
  const { page } = lab;
  const marks = page.locator(id("mark-violated"));
  await holds("the timeline has a mark for it", async () => {
    const counts = await marks.evaluateAll((all) => all.map((at) => Number(at.dataset.count)));
    return counts.reduce((sum, count) => sum + count, 0) === events.length;
  });
  await holds("at its moment", async () => {
    const t = Number(await marks.first().getAttribute("data-t"));
    return Math.abs(t - violations[0].at_s) < 1e-9;
  });
  await holds("that says what is wrong", async () => {
    const name = await marks.first().getAttribute("aria-label");
    return (
      name.includes(`${violations[0].property} does not hold`) && name.includes(violations[0].text)
    );
  });
  await dragTo(page, 0.5);
  await restingCursor(page);
  await marks.first().click();
  await holds("a click goes to the event that shows it", async () => {
    return (await lab.attribute("cursor-event", "event")) === events[0].id;
  });
  await holds("which is the last one of the run", async () => {
    const { n, of } = await restingCursor(page);
    return n === run.trace.length && of === n;
  });
  await lab.picture("violated-mark");
}

/** In the space-time diagram it is a flag over all rows, which answers the pointer. */
async function flagged(lab, run, events) {
  const { page } = lab;
  const faults = run.trace.filter((e) => e.kind === "fault");
  await open(lab, run, "spacetime");
  await setDetails(page, { event: null, t: null });
  await page.waitForSelector(
    `${id("spacetime-stage")}[aria-busy="false"] [data-rows]:not([data-rows=""])`,
  );
  await holds("the diagram has a flag for each fault and violation", async () => {
    return (await lab.number("spacetime", "flags")) === faults.length + events.length;
  });
  const box = await page.locator(id("spacetime")).boundingBox();
  const [from, to] = [await lab.number("spacetime", "from"), await lab.number("spacetime", "to")];
  const x = box.x + GUTTER + ((events[0].t - from) / (to - from)) * (box.width - GUTTER - MARGIN);
  const y = box.y + AXIS + 8;
  await holds("pointed at, it says what does not hold", async () => {
    await page.mouse.move(x - 30, y + 60);
    await page.mouse.move(x, y);
    const tip = (await lab.text("spacetime-tip")) ?? "";
    return tip.includes(`${events[0].name} does not hold`) && tip.includes(events[0].text);
  });
  await lab.picture("violated-flag");
  await page.mouse.click(x, y);
  await holds("a click opens the event", async () => {
    return (await lab.attribute("event", "event")) === events[0].id;
  });
  await holds("as a violation", async () => (await lab.attribute("event", "kind")) === "violated");
  await lab.picture("violated-event");
}

async function main() {
  await visit(async (lab) => {
    const run = await simulate(lab, "flood-faults", { anti_entropy: false }, 2);
    const file = JSON.parse(readFileSync(join(process.env.RUNS, run.name, "run.json"), "utf8"));
    const events = run.trace.filter((e) => e.kind === "violated");
    await holds("the run folder tells of it, and so does the trace", async () => {
      const told = file.violations.map((of) => `${of.property} ${of.at_s} ${of.text}`);
      const traced = events.map((e) => `${e.name} ${e.t} ${e.text}`);
      return told.length > 0 && String(told) === String(traced);
    });
    await listed(lab, run, file.violations);
    await marked(lab, run, file.violations, events);
    await flagged(lab, run, events);
  });
}

await finish(main);
