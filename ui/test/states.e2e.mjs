// Statecharts in a real browser against a real lab: states, counts and transitions are compared with what
// the run's recording tells.
//
// RUMORMILL_URL  the address that the lab printed, with its token
// RUNS           the folder where this lab records
// RUMORMILL_BIN  the command line, to read the recordings
// SCREENSHOTS    a folder for pictures; none are taken without it

import { openBrowser, openPage } from "./browser.mjs";
import { finish, holds, id, Lab } from "./steps.mjs";
import { simulate, statesAt } from "./truth.mjs";

const url = process.env.RUMORMILL_URL;

async function open(lab, run, query = "") {
  await lab.page.evaluate((hash) => {
    location.hash = hash;
  }, `#/run/${run.id}/states${query}`);
  await lab.page.waitForTimeout(400);
}

/** How many peers are in each state at a moment. */
function counts(trace, t) {
  const of = new Map();
  for (const states of statesAt(trace, t).values())
    for (const state of states) of.set(state, (of.get(state) ?? 0) + 1);
  return of;
}

/** Transitions: what a peer leaves and enters in one activation. */
function transitions(trace) {
  const of = new Map();
  const left = new Map();
  for (const event of trace) {
    const place = `${event.peer} ${event.community} ${event.cause}`;
    if (event.kind === "exited") left.set(place, event.name);
    if (event.kind !== "entered" || !left.has(place)) continue;
    const key = `${left.get(place)} ${event.name}`;
    of.set(key, (of.get(key) ?? 0) + 1);
  }
  return of;
}

const countShown = (lab, state) => lab.number(`state-${state}`, "count");

/** Every state and every transition of the recording is in the chart, with its count. */
async function draws(lab, run) {
  await open(lab, run);
  const names = [...new Set(run.trace.filter((e) => e.kind === "entered").map((e) => e.name))];
  await holds(`the chart has the states ${names.join(", ")}`, async () => {
    for (const name of names) if (!(await lab.seen(`state-${name}`))) return false;
    return names.length > 1;
  });
  const end = counts(run.trace, Number.POSITIVE_INFINITY);
  await holds("the counts are those at the end", async () => {
    for (const name of names)
      if ((await countShown(lab, name)) !== (end.get(name) ?? 0)) return false;
    return true;
  });
  const ways = transitions(run.trace);
  await holds(`its ${ways.size} transitions have their true counts`, async () => {
    for (const [key, count] of ways) {
      const [from, to] = key.split(" ");
      if ((await lab.number(`transition-${from}-${to}`, "count")) !== count) return false;
    }
    return ways.size > 0;
  });
  await lab.picture("states");
}

/** At a moment of the past, the chart shows that moment. */
async function travels(lab, run) {
  const changes = run.trace.filter((e) => e.kind === "entered" && e.t > 0);
  for (const share of [0.2, 0.5, 0.8]) {
    const { t } = changes[Math.floor(changes.length * share)];
    const now = counts(run.trace, t);
    await open(lab, run, `?t=${t}`);
    await holds(`at ${t.toFixed(6)} s the counts are ${[...now].join(" ")}`, async () => {
      for (const [name, count] of now) if ((await countShown(lab, name)) !== count) return false;
      return true;
    });
  }
}

/** The selected peer's states are lit, and no others. */
async function lights(lab, run) {
  await open(lab, run);
  const [peer, states] = [...statesAt(run.trace, Number.POSITIVE_INFINITY)].find(
    ([, s]) => s.length > 0,
  );
  await lab.page.selectOption(id("states-peer"), String(peer));
  await holds(`peer ${peer} is in ${states.join(" and ")}`, async () => {
    const lit = await lab.page
      .locator('.chart-state[data-active="true"]')
      .evaluateAll((all) => all.map((e) => e.dataset.testid.replace("state-", "")));
    return String(lit.sort()) === String([...states].sort());
  });
  await lab.picture("states-peer");
}

/** A step over a transition lights its arrow for a moment. */
async function flashes(lab, run) {
  const entered = run.trace.findLast((e) => e.kind === "entered" && e.t > 0);
  await open(lab, run, `?t=${entered.t - 1e-6}`);
  await holds(
    "the cursor stands before the transition",
    async () => (await lab.number("cursor", "t")) < entered.t,
  );
  const seen = lab.page.waitForSelector(".chart-arrow.lit", { timeout: 5000 }).then(() => true);
  for (let i = 0; i < 12; i++) {
    await lab.click("step-forward");
    await lab.page.waitForTimeout(60);
    if ((await lab.number("cursor", "t")) >= entered.t) break;
  }
  await holds("a transition that happens lights its arrow", () => seen, 0);
}

/** Where no peer tells of states, a sentence says so and names an experiment that does. */
async function says(lab, run) {
  await open(lab, run);
  await holds("a run without states says so", () => lab.is("no-states", /told of a state/));
  await lab.picture("states-none");
}

async function main() {
  if (!url) throw new Error("set RUMORMILL_URL to the address that the lab printed");
  const browser = await openBrowser();
  try {
    const { page, complaints } = await openPage(browser, { colorScheme: "light" });
    const lab = new Lab(page);
    await page.goto(url);
    const election = await simulate(lab, "election", {}, 3);
    const flood = await simulate(lab, "flood", { peers: 5 }, 3);
    for (const part of [draws, travels, lights, flashes]) await part(lab, election);
    await says(lab, flood);
    await page.emulateMedia({ colorScheme: "dark" });
    await page.setViewportSize({ width: 1920, height: 1080 });
    await open(lab, election, "?peer=1");
    await lab.picture("states-1920-dark");
    await holds("the console has no error", async () => complaints.length === 0, 0);
    for (const complaint of complaints) console.log(`        ${complaint}`);
  } finally {
    await browser.close();
  }
}

await finish(main);
