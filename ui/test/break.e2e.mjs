// Breaking runs by hand in a real browser against a real lab: simulated and real peers, links, branches,
// and the experiment that repeats it all. Compared with run.json and the recordings.
//
// RUMORMILL_URL, RUMORMILL_BIN, RUNS, SCREENSHOTS: see e2e.mjs

import { execFileSync } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { openBrowser, openPage } from "./browser.mjs";
import { dragTo, openRun, press, restingCursor, runInAddress, setDetails } from "./runs.mjs";
import { boxOf, finish, holds, id, Lab } from "./steps.mjs";
import { eventsOf } from "./truth.mjs";

const url = process.env.RUMORMILL_URL;
const { RUMORMILL_BIN: bin, RUNS: runs } = process.env;

const completed = (lab) => async () =>
  (await lab.attribute("run-outcome", "outcome")) === "completed";
const status = (lab) => lab.attribute("inspector", "status");
const seconds = ({ secs, nanos }) => secs + nanos / 1e9;

/** What the lab wrote of a run. */
function runJson(run) {
  return JSON.parse(readFileSync(join(runs, basename(run.folder), "run.json"), "utf8"));
}

async function start(lab, { peers, messages, mode = "sim", speed = "0.01" }) {
  const { page } = lab;
  await lab.click("tab-experiments");
  await lab.click("experiment-flood");
  await lab.fill("param-peers", String(peers));
  await lab.fill("param-messages", String(messages));
  await lab.click(`mode-${mode}`);
  if (mode === "sim") await page.selectOption(id("speed"), speed);
  await lab.run();
  await holds(
    `${peers} peers run as ${mode}`,
    async () => (await lab.number("graph-canvas", "peers")) === peers,
  );
}

/** A loop around the left half of the picture, and a partition between it and the rest. */
async function lasso(lab) {
  const { page } = lab;
  const box = await boxOf(page.locator(id("graph-canvas")));
  const at = (x, y) => [box.x + x * box.width, box.y + y * box.height];
  await page.keyboard.down("Shift");
  await page.mouse.move(...at(0.48, 0.12));
  await page.mouse.down();
  for (const corner of [at(0.02, 0.12), at(0.02, 0.97), at(0.48, 0.97), at(0.48, 0.12)])
    await page.mouse.move(...corner, { steps: 6 });
  await page.mouse.up();
  await page.keyboard.up("Shift");
  await holds("a lasso selects several peers", async () => {
    const many = await lab.number("lasso", "count");
    return many >= 2 && many <= 6;
  });
  await lab.picture("break-lasso");
  await lab.click("partition");
  await holds("and parts them from the rest", () =>
    lab.is("toast", /partition: peers .* the rest/),
  );
  await press(page, "Escape");
  await setDetails(page, { link: "1-2" });
  await lab.click("heal");
  await holds("until all links heal", () => lab.is("toast", /whole again/));
  await press(page, "Escape");
}

/** Every fault that a button makes, on a simulation under way. */
async function simulated(lab) {
  const { page } = lab;
  await start(lab, { peers: 8, messages: 75, speed: "0.1" });
  await setDetails(page, { peer: "3" });
  await holds("a peer under way can be broken", async () => {
    return (await lab.attribute("breaking", "can")) === "inject" && (await status(lab)) === "up";
  });
  await lab.click("kill");
  await holds("a killed peer is crashed", async () => (await status(lab)) === "crashed");
  await holds("and the page says when", () => lab.is("toast", /^At [\d.]+ .*peer 3 crashes/));
  await lab.picture("break-killed");
  await lab.click("restart-lost");
  await holds("it restarts with an empty disk", async () => (await status(lab)) === "up");
  await press(page, "p");
  await holds("p pauses it", async () => (await status(lab)) === "paused");
  await press(page, "p");
  await holds("and lets it go on", async () => (await status(lab)) === "up");
  await lab.click("slow");
  await lab.fill("slow-by", "soon");
  await lab.click("slow-apply");
  await holds("a wrong span is told", () => lab.is("slow-form", /by: expected a number/));
  await lab.fill("slow-by", "2ms");
  await lab.click("slow-apply");
  await holds("it is slowed", () => lab.is("toast", /takes 2 ms/));
  await lab.click("slow");
  await lab.fill("slow-by", "0");
  await lab.click("slow-apply");
  await holds("and fast again", () => lab.is("toast", /fast again/));
  await lab.click("clock");
  await lab.fill("clock-offset", "-10ms");
  await lab.fill("clock-drift", "200");
  await lab.click("clock-apply");
  await holds("its clock is set back", () => lab.is("toast", /clocks of peer 3: -10 ms, 200 ppm/));
  await holds("the inspector shows its clock", () => lab.is("peer-clock", /drifts 200 ppm/));
  await setDetails(page, { peer: null, link: "1-2" });
  await holds("a link can be looked into", async () => {
    return (await lab.number("link", "from")) === 1 && (await lab.seen("cut"));
  });
  await press(page, "x");
  await holds("x cuts it", () => lab.is("toast", /cut between peer 1 and peer 2/));
  await lab.click("heal");
  await holds("all links heal", () => lab.is("toast", /whole again/));
  await lab.click("conditions");
  await lab.fill("conditions-delay", "3ms");
  await lab.fill("conditions-loss", "20");
  await lab.click("conditions-apply");
  await holds("a link is made worse", () => lab.is("toast", /20 % loss, 3 ms slower/));
  await lab.picture("break-link");
  await press(page, "Escape");
  await lasso(lab);
  await holds("the run lists what was done by hand", async () => {
    return (await lab.number("plan", "count")) >= 10;
  });
  await holds("a crash has its mark", async () => {
    return (await page.locator(id("mark-crash")).count()) > 0;
  });
  await holds("the run completes all the same", completed(lab));
  await lab.picture("break-plan");
}

/** The plan in run.json is what was done, in order, and the trace has it at those times. */
async function planned(lab) {
  const run = await openRun(lab.page);
  const { plan } = runJson(run);
  const names = plan.faults.map(({ fault }) =>
    typeof fault === "string" ? fault : Object.keys(fault)[0],
  );
  const first = ["crash", "restart", "pause", "resume", "slow", "slow", "clock"];
  const wanted = [...first, "cut", "heal", "link", "link", "partition", "heal"];
  await holds("run.json has every fault in order", async () => {
    return wanted.every((name, i) => names[i] === name) && names.length >= wanted.length;
  });
  const events = eventsOf(basename(run.folder));
  await holds("the crash happened when the plan says", async () => {
    const crash = events.find((e) => e.kind === "crashed" && e.peer === 3);
    return Math.abs(crash.t - seconds(plan.faults[0].at)) < 1e-9;
  });
  return run;
}

/** Saved as an experiment and run again with the same seed, it gives the same digest. */
async function saved(lab, run) {
  const { page } = lab;
  const name = `by-hand-${process.pid}`;
  await lab.click("save-open-dialog");
  await lab.fill("save-name", "../elsewhere");
  await lab.click("save-start");
  await holds("a name that is none is refused", () => lab.seen("save-error"));
  await lab.fill("save-name", name);
  await lab.fill("save-title", "Broken by hand");
  await lab.picture("break-save");
  const answer = page.waitForResponse((of) => of.url().endsWith("/save") && of.ok());
  await lab.click("save-start");
  const { file } = await (await answer).json();
  await holds("it is saved", async () => (await lab.attribute("saved", "name")) === name);
  try {
    const args = ["run", name, "--seed", String(run.seed), "--experiments", dirname(file)];
    const said = execFileSync(bin, [...args, "--no-record", "--json"], { encoding: "utf8" });
    const again = JSON.parse(said);
    await holds(
      "the command line repeats its digest",
      async () => again.digest === run.digest && run.digest !== null,
    );
    await lab.click("save-open");
    await holds("the gallery has it", () => lab.seen(`experiment-${name}`));
    await lab.picture("break-gallery");
  } finally {
    rmSync(file, { force: true });
  }
}

/** Branches of an ended run: the same when nothing changes, another when something does. */
async function branches(lab) {
  const { page } = lab;
  await start(lab, { peers: 6, messages: 10, speed: "max" });
  await holds("a run to branch completes", completed(lab));
  const parent = await openRun(page);
  const address = page.url();
  await dragTo(page, 0.4);
  const { t } = await restingCursor(page);
  await lab.click("branch-here");
  await page.selectOption(id("branch-speed"), "max");
  await lab.click("branch-start");
  await holds("a branch opens", async () => {
    const at = runInAddress(page);
    return at !== "" && at !== parent.id && (await lab.attribute("parent", "run")) !== null;
  });
  await holds("it completes", completed(lab));
  const same = await openRun(page);
  await holds("unchanged, it has its parent's digest", async () => same.digest === parent.digest);
  await holds("it remembers where it came from", async () => {
    const { parent: of } = runJson(same);
    return of.run === basename(parent.folder) && Math.abs(of.at_s - t) < 1e-6;
  });
  await lab.picture("break-branch");
  await page.goto(address);
  await dragTo(page, 0.4);
  await restingCursor(page);
  await setDetails(page, { peer: "2" });
  await holds("in the past, buttons prepare a branch", async () => {
    return (await lab.attribute("breaking", "can")) === "branch";
  });
  await press(page, "k");
  await holds("with what was pressed", () => lab.is("branch-faults", /peer 2 crashes/));
  await lab.picture("break-branch-dialog");
  await page.selectOption(id("branch-speed"), "max");
  await lab.click("branch-start");
  await holds("another branch opens", async () => {
    const at = runInAddress(page);
    return at !== "" && at !== parent.id && at !== same.id;
  });
  await holds("it ends", async () => (await lab.attribute("run-state", "state")) === "ended");
  const other = await openRun(page);
  await holds("changed, it has another digest", async () => {
    return other.digest !== null && other.digest !== parent.digest;
  });
  await holds("and differs from its moment on only", async () => {
    const before = (run) =>
      eventsOf(basename(run.folder))
        .filter((e) => e.ns < Math.round(t * 1e9) - 1)
        .map((e) => `${e.ns} ${e.id} ${e.kind}`)
        .sort()
        .join("\n");
    return before(parent) === before(other) && before(parent).length > 100;
  });
  const link = await page.locator(id("compare-parent")).getAttribute("href");
  await holds("it can be compared with its parent", async () => /#\/compare\?runs=/.test(link));
}

/** A real process dies by a button. */
async function processes(lab) {
  const { page } = lab;
  await start(lab, { peers: 4, messages: 400, mode: "processes" });
  await holds("real peers come up", () => lab.is("peer-2", /messages: [1-9]/));
  const before = await openRun(page);
  await setDetails(page, { peer: "2" });
  await holds("a real peer can be broken", async () => {
    return (await lab.attribute("breaking", "can")) === "inject";
  });
  await holds("its state is its own", () => lab.seen("no-state"));
  await lab.click("kill");
  await holds("a killed process is crashed", async () => (await status(lab)) === "crashed");
  await lab.picture("break-process");
  await holds("and gone", async () => {
    const gone = before.pids.filter((pid) => {
      try {
        process.kill(pid, 0);
        return false;
      } catch {
        return true;
      }
    });
    return gone.length === 1;
  });
  await lab.click("restart-kept");
  await holds("it boots again", async () => (await status(lab)) === "up");
  await lab.click("stop");
  await holds("the run is stopped", async () => {
    return (await lab.attribute("run-outcome", "outcome")) !== null;
  });
  const { plan } = runJson(await openRun(page));
  await holds("run.json has the crash and the restart", async () => {
    const names = plan.faults.map(({ fault }) => Object.keys(fault)[0]);
    return names.includes("crash") && names.includes("restart");
  });
}

async function main() {
  if (!url) throw new Error("set RUMORMILL_URL to the address that the lab printed");
  if (!bin || !runs) throw new Error("set RUMORMILL_BIN and RUNS: see e2e.mjs");
  const browser = await openBrowser();
  try {
    const { page, complaints } = await openPage(browser, { colorScheme: "light" });
    const lab = new Lab(page);
    await page.goto(url);
    await page.waitForSelector(`${id("run")}:not([disabled])`);
    await simulated(lab);
    await saved(lab, await planned(lab));
    await branches(lab);
    await processes(lab);
    // What the lab refuses on purpose is no complaint.
    const unasked = complaints.filter((text) => !/status of 400/.test(text));
    await holds("the console has no error", async () => unasked.length === 0, 0);
    for (const complaint of unasked) console.log(`        ${complaint}`);
  } finally {
    await browser.close();
  }
}

await finish(main);
