// Comparing runs in a real browser: the first event that differs, totals and one timeline, against the
// runs' own events.
//
// RUMORMILL_URL, SCREENSHOTS as in flood.e2e.mjs; RUMORMILL_BIN and RUNS: see truth.mjs.

import { recorded } from "./metrics.e2e.mjs";
import { finish, holds, id } from "./steps.mjs";
import { eventsOf } from "./truth.mjs";
import { visit } from "./visit.mjs";

const url = process.env.RUMORMILL_URL;
const origin = url && new URL(url).origin;

/** The place of the first event that differs, comparing what a person would see of it. */
function firstDifference(left, right) {
  const words = (e) =>
    JSON.stringify([e.ns, e.id, e.kind, e.other, e.name, e.value, e.bytes, e.text]);
  const many = Math.min(left.length, right.length);
  for (let i = 0; i < many; i++) if (words(left[i]) !== words(right[i])) return i;
  return left.length === right.length ? null : many;
}

const open = (lab, runs) =>
  lab.page.goto(`${origin}/#/compare?runs=${runs.map((r) => r.id).join(",")}`);

async function twins(lab, [one, twin]) {
  await open(lab, [one, twin]);
  await holds("two runs of one seed are found the same", () => lab.seen("no-difference"));
}

async function strangers(lab, [one, , other]) {
  await open(lab, [one, other]);
  const [left, right] = [one, other].map((run) => eventsOf(run.name));
  const at = firstDifference(left, right);
  await holds("the first difference comes after as many same events as in the traces", async () => {
    const same = await lab.number("difference", "same");
    console.log(`        ${same} the same on the page, ${at} in the traces`);
    return same === at;
  });
  await holds("both sides of it are those of the traces", async () => {
    const sides = lab.page.locator(`${id("difference")} [data-side]`);
    const shown = await sides.evaluateAll((list) => list.map((li) => li.dataset["event"]));
    return shown[0] === left[at].id && shown[1] === right[at].id;
  });
  await holds("totals are those of the traces", async () => {
    const cells = lab.page.locator(`${id("compare-totals")} tr`, { hasText: /^messages sent/ });
    const values = await cells
      .locator("td")
      .evaluateAll((tds) => tds.map((td) => Number(td.dataset["value"])));
    const sent = [left, right].map((events) => events.filter((e) => e.kind === "sent").length);
    console.log(`        ${values} on the page, ${sent} in the traces`);
    return values[0] === sent[0] && values[1] === sent[1];
  });
  await lab.picture("compare");
}

async function scrub(lab, [one]) {
  const half = one.virtual_seconds / 2;
  await lab.page.locator(id("compare-scrubber")).evaluate((slider, t) => {
    slider.value = String(t);
    slider.dispatchEvent(new Event("input", { bubbles: true }));
  }, half);
  await holds("the runs' pictures go to the same moment together", async () => {
    const figures = lab.page.locator(".compare-picture");
    const times = await figures.evaluateAll((list) => list.map((one) => Number(one.dataset["t"])));
    return times.length === 2 && times.every((t) => Math.abs(t - half) < one.virtual_seconds / 100);
  });
  const events = eventsOf(one.name);
  await holds("and show who was done by then", async () => {
    const done = Number(
      await lab.page.locator(".compare-picture").first().getAttribute("data-done"),
    );
    const t = Number(await lab.page.locator(".compare-picture").first().getAttribute("data-t"));
    return done === events.filter((e) => e.kind === "done" && e.t <= t).length;
  });
  await lab.picture("compare-half");
}

async function others(lab, [one, , , real]) {
  await open(lab, [one, real]);
  await holds("a simulation and real processes are compared peer by peer", () =>
    lab.is("difference", /one peer at a time|the same from their first/),
  );
  await lab.page.emulateMedia({ colorScheme: "dark" });
  await lab.page.waitForTimeout(200);
  await lab.picture("compare-processes-dark");
}

async function tests(lab) {
  const { page } = lab;
  const values = { peers: 8, messages: "5" };
  const order = { experiment: "flood", values };
  const runs = [];
  for (const more of [
    { seed: 7 },
    { seed: 7 },
    { seed: 8 },
    { seed: 7, as: "processes", speed: "1" },
  ])
    runs.push(await recorded(page, { ...order, ...more }));
  for (const part of [twins, strangers, scrub, others]) await part(lab, runs);
}

await finish(() => visit(tests));
