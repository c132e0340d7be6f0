// What hands can do beside breaking things, in a real browser: branch with other parameters, ask a peer
// something; and what the page offers for a run that was not recorded. Against the run folder and the trace.
//
// RUMORMILL_URL, RUMORMILL_BIN, RUNS, SCREENSHOTS: see e2e.mjs

import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { dragTo, openRun, restingCursor, runInAddress, setDetails } from "./runs.mjs";
import { finish, holds, id } from "./steps.mjs";
import { byId, eventsOf } from "./truth.mjs";
import { visit } from "./visit.mjs";

const runs = process.env.RUNS;
const completed = (lab) => async () =>
  (await lab.attribute("run-outcome", "outcome")) === "completed";
const runJson = (run) =>
  JSON.parse(readFileSync(join(runs, basename(run.folder), "run.json"), "utf8"));
const seconds = ({ secs, nanos }) => secs + nanos / 1e9;

/** Starts a flood. */
async function start(lab, { messages, speed, record = true }) {
  const { page } = lab;
  await lab.click("experiment-flood");
  await lab.fill("param-peers", "6");
  await lab.fill("param-messages", String(messages));
  await page.selectOption(id("speed"), speed);
  if (!(await page.isVisible(id("record")))) await page.click("details.more summary");
  await page.locator(id("record")).setChecked(record);
  await lab.run();
}

/** Every time from setting a creation timer to its firing, seconds, with when it was set. */
function creations(events) {
  const known = byId(events);
  const timers = events.filter((e) => e.kind === "timer" && e.name === "Create");
  return timers
    .map((e) => ({ set: known.get(e.cause)?.t, took: e.t - known.get(e.cause)?.t }))
    .filter(({ set, took }) => set !== undefined && took > 0);
}

/** A branch with another value of a parameter is its parent up to there, and has that value from there on. */
async function parameters(lab) {
  const { page } = lab;
  await start(lab, { messages: 20, speed: "max" });
  await holds("a run to branch completes", completed(lab));
  const parent = await openRun(page);
  await dragTo(page, 0.4);
  const { t } = await restingCursor(page);
  await lab.click("branch-here");
  await page.click(`${id("branch")} summary`);
  await holds("the dialog shows what the run had", async () => {
    return (await page.inputValue(id("branch-create_every"))) === "20ms";
  });
  await holds("but not the number of peers, which cannot change", async () => {
    return (await page.locator(id("branch-peers")).count()) === 0;
  });
  await page.selectOption(id("branch-speed"), "max");
  await lab.fill("branch-create_every", "soon");
  await lab.click("branch-start");
  await holds("a wrong value is told, with its name", () => lab.is("branch-error", /create.every/));
  await lab.picture("hands-branch-wrong");
  await lab.fill("branch-create_every", "100ms");
  await lab.picture("hands-branch-parameters");
  await lab.click("branch-start");
  await holds("a branch opens", async () => {
    const at = runInAddress(page);
    return at !== "" && at !== parent.id && (await lab.attribute("parent", "run")) !== null;
  });
  await holds("it completes", completed(lab));
  const branch = await openRun(page);
  const { plan, parent: of } = runJson(branch);
  await holds("run.json has the change at its moment", async () => {
    const [{ at, fault }] = plan.faults;
    const value = fault.set.parameters.create_every.span;
    return (
      plan.faults.length === 1 &&
      Object.keys(fault.set.parameters).length === 1 &&
      Math.abs(seconds(at) - t) < 1e-6 &&
      seconds(value) === 0.1 &&
      of.run === basename(parent.folder)
    );
  });
  const [before, after] = [eventsOf(basename(parent.folder)), eventsOf(basename(branch.folder))];
  await holds("up to there both are the same", async () => {
    const lines = (events) =>
      events
        .filter((e) => e.t < t - 1e-9)
        .map((e) => `${e.ns} ${e.id} ${e.kind} ${e.name}`)
        .sort()
        .join("\n");
    return lines(before) === lines(after) && lines(before).length > 1000;
  });
  await holds("then peers wait 100 ms between two messages, no longer 20", async () => {
    const late = (events) => creations(events).filter(({ set }) => set >= t);
    const is = (wanted) => (one) => Math.abs(one.took - wanted) < 1e-9;
    return (
      late(before).length > 10 &&
      late(before).every(is(0.02)) &&
      late(after).length > 10 &&
      late(after).every(is(0.1))
    );
  });
  await holds("the run's panel lists it", () => lab.is("plan", /create_every is now 100 ms/));
  await lab.picture("hands-branch-run");
}

/** A request typed in the dialog reaches the peer. */
async function asks(lab) {
  const { page } = lab;
  await start(lab, { messages: 60, speed: "0.1" });
  await setDetails(page, { peer: "2" });
  await holds("a peer under way can be asked", async () => {
    return (await lab.attribute("breaking", "can")) === "inject";
  });
  await lab.click("request");
  await lab.click("request-apply");
  await holds("to say nothing is no request", async () => {
    return (await page.locator(`${id("request-form")} [role="alert"]`).count()) === 1;
  });
  await lab.fill("request-text", "sing");
  await lab.picture("hands-ask");
  await lab.click("request-apply");
  await holds("what the protocol does not know is refused", () => lab.is("toast", /sing/));
  if (!(await lab.seen("request-form"))) await lab.click("request");
  await lab.fill("request-text", "sync");
  await lab.click("request-apply");
  await holds("what it knows is asked", () => lab.is("toast", /peer 2 .*asked.*sync/));
  await lab.picture("hands-asked");
  await holds("and the run completes", completed(lab));
  const run = await openRun(page);
  const { plan, by_hand } = runJson(run);
  const [{ at, fault }] = plan.faults;
  await holds("run.json has the request alone", async () => {
    const { peers, text } = fault.request;
    return (
      plan.faults.length === 1 && by_hand === 1 && String(peers.numbers) === "2" && text === "sync"
    );
  });
  const events = eventsOf(basename(run.folder));
  await holds(
    "peer 2 then compares with all its neighbors, as soon as its disk lets it",
    async () => {
      const asked = seconds(at);
      const compares = events.filter(
        (e) => e.kind === "sent" && e.name === "compare" && e.peer === 2,
      );
      const then = compares.filter((e) => e.t >= asked && e.t < asked + 0.005);
      return then.length === 5 && new Set(then.map((e) => e.other)).size === 5;
    },
  );
}

/** A run that is not recorded has its present only, and says so. */
async function unrecorded(lab) {
  const { page } = lab;
  const before = readdirSync(runs).length;
  await start(lab, { messages: 5, speed: "max", record: false });
  await holds("a run without a recording completes", completed(lab));
  const run = await openRun(page);
  await holds("nothing was recorded", async () => {
    return run.folder === null && readdirSync(runs).length === before;
  });
  await holds("the strip says that there is no past", () =>
    lab.is("band", /keeps no recording, so there is no past/),
  );
  await holds("the totals are there all the same", async () => {
    return (await lab.number("messages-sent", "value")) === run.messages.sent;
  });
  await holds("time cannot be moved", async () => {
    const slider = page.locator(`${id("timeline")} [role="slider"]`);
    const buttons = ["step-back", "play", "step-forward", "live"].map((name) =>
      page.locator(id(name)).isDisabled(),
    );
    return (
      (await slider.getAttribute("aria-disabled")) === "true" &&
      (await Promise.all(buttons)).every(Boolean)
    );
  });
  await dragTo(page, 0.3);
  await holds("nor dragged", async () => {
    return (await lab.attribute("cursor", "live")) !== "false" && !/[?&]t=/.test(page.url());
  });
  await holds("every peer's targets are still shown", async () => {
    const text = (await lab.text("peer-3")) ?? "";
    return text.includes(`messages: ${5 * 6}/${5 * 6}`);
  });
  await lab.picture("hands-unrecorded");
}

async function main() {
  await visit(
    async (lab) => {
      await lab.page.waitForSelector(`${id("run")}:not([disabled])`);
      for (const part of [parameters, asks, unrecorded]) await part(lab);
    },
    { refused: true },
  );
}

await finish(main);
