// The whole way in a real browser against a real lab: choose flood, type the expression, see the
// total, start real processes, see who talks to whom, and the run end with all targets met.
//
// RUMORMILL_URL  the address that the lab printed, with its token
// SCREENSHOTS    a folder for pictures; none are taken without it

import { openBrowser, openPage } from "./browser.mjs";
import { finish, holds, id, Lab } from "./steps.mjs";

const url = process.env.RUMORMILL_URL;
const EXPRESSION = "100 if peerid == 1 else 0";

/** The form: a wrong expression is told where, a right one is summed before the run. */
async function form(lab) {
  await holds("flood is in the gallery", () => lab.seen("experiment-flood"));
  await holds(
    "the token is not left in the address bar",
    async () => !lab.page.url().includes("token"),
  );
  await lab.click("experiment-flood");
  await lab.fill("param-peers", "10");
  await lab.fill("param-messages", "100 if peerid ==");
  await holds("a wrong expression is told with line and column", () =>
    lab.is("error-messages", /line 1, column \d+/),
  );
  await holds("Run is disabled meanwhile", async () => !(await lab.ready()));
  await lab.picture("form-error");
  await lab.fill("param-messages", EXPRESSION);
  await holds("the total is seen before the run", () => lab.is("total-messages", /\b100\b/));
  await holds("Run is enabled again", () => lab.ready());
}

/** Ten real processes: links and labels move, all targets are met, the run ends. */
async function processes(lab) {
  await lab.click("mode-processes");
  await lab.run();
  await holds(
    "ten peers are drawn",
    async () => (await lab.number("graph-canvas", "peers")) === 10,
  );
  await holds("links are drawn", async () => (await lab.number("graph-canvas", "edges-drawn")) > 0);
  await holds("a label moves", () => lab.is("peer-2", /messages: [1-9]\d*\/100/));
  await lab.picture("processes-running");
  await holds(
    "the run completes",
    async () => (await lab.attribute("run-outcome", "outcome")) === "completed",
  );
  await holds("frames kept coming", async () => (await lab.number("graph-canvas", "frames")) >= 2);
  for (const peer of [1, 5, 10])
    await holds(`peer ${peer} has all`, () => lab.is(`peer-${peer}`, /messages: 100\/100.*done/));
  await holds("the end is told in a sentence", () =>
    lab.is("run-outcome", /^Completed: 10 of 10 peers have all messages after /),
  );
  await holds(
    "messages are counted",
    async () => (await lab.number("messages-sent", "value")) >= 100,
  );
  await holds("bytes are counted", async () => (await lab.number("messages-bytes", "value")) > 0);
  await lab.picture("processes-ended");
}

/** The other views, by their keys, and the selected peer in the address. */
async function views(lab) {
  await lab.page.keyboard.press("5");
  await holds("the target is met by all", async () => {
    const met = await lab.number("target-row-messages", "met");
    return met === 10 && (await lab.number("target-row-messages", "peers")) === 10;
  });
  await lab.page.locator(`${id("peer-rows")} [data-peer="3"] button`).click();
  await holds("a peer is selected", () => lab.is("inspector-title", /^Peer 3$/));
  await holds("the address names it", async () => /\/targets\?peer=3$/.test(lab.page.url()));
  await lab.picture("targets");
  await lab.page.keyboard.press("6");
  await holds("the log has lines", async () => (await lab.number("log", "count")) > 0);
  await lab.page.selectOption(id("log-kind"), "progress");
  await lab.fill("log-peer", "4");
  await holds("the log is filtered", async () => {
    const lines = await lab.page.locator(`${id("log")} li`).allTextContents();
    return lines.length > 0 && lines.every((text) => /progress/.test(text));
  });
  await lab.picture("log");
  const address = lab.page.url();
  await lab.page.reload();
  await holds("a shared address opens the same view", () => lab.is("inspector-title", /^Peer 3$/));
  await holds(
    "and the same run",
    async () => lab.page.url() === address && (await lab.seen("run-outcome")),
  );
}

/** A simulation is stopped by hand; the run list opens the earlier run again. */
async function stopAndReturn(lab) {
  await lab.page.keyboard.press("1");
  await lab.fill("param-messages", "20");
  await lab.click("mode-sim");
  await lab.page.selectOption(id("speed"), "0.01");
  await lab.run();
  await holds(
    "a slow simulation runs",
    async () => (await lab.attribute("run-state", "state")) === "running",
  );
  await lab.picture("simulation-running");
  await lab.click("stop");
  await holds(
    "it stops by hand",
    async () => (await lab.attribute("run-outcome", "outcome")) === "stopped",
  );
  await lab.click("tab-runs");
  await holds("both runs are in the list", async () => {
    return (await lab.page.locator(`${id("runs")} .run-row`).count()) >= 2;
  });
  await lab.picture("runs");
  await lab.page
    .locator(`${id("runs")} .entry`)
    .nth(1)
    .click();
  await holds(
    "an earlier run opens again",
    async () => (await lab.number("graph-canvas", "edges-drawn")) > 0,
  );
  await lab.page.keyboard.press("?");
  await holds("help opens", () => lab.seen("help"));
  await lab.picture("help");
  await lab.page.keyboard.press("Escape");
  await holds("and closes", async () => !(await lab.seen("help")));
}

/** Updates of the picture in a second. */
async function updates(lab) {
  const [before, from] = [await lab.number("graph-canvas", "frames"), Date.now()];
  await lab.page.waitForTimeout(1000);
  const seconds = (Date.now() - from) / 1000;
  return ((await lab.number("graph-canvas", "frames")) - before) / seconds;
}

/** Two hundred peers: the picture keeps up. */
async function many(lab) {
  await lab.click("tab-experiments");
  await lab.fill("param-peers", "200");
  await lab.fill("param-messages", "1");
  await lab.page.selectOption(id("speed"), "0.01");
  await lab.run();
  await holds(
    "200 peers are drawn",
    async () => (await lab.number("graph-canvas", "peers")) === 200,
  );
  await holds(
    "links among them are drawn",
    async () => (await lab.number("graph-canvas", "edges-drawn")) > 50,
  );
  await holds("at least ten updates a second", async () => {
    const rate = await updates(lab);
    console.log(`        ${rate.toFixed(1)} updates a second with 200 peers`);
    return rate >= 10;
  });
  await lab.picture("two-hundred");
  await lab.page.emulateMedia({ colorScheme: "dark" });
  await lab.page.waitForTimeout(300);
  await lab.picture("two-hundred-dark");
  await holds(
    "200 peers complete",
    async () => (await lab.attribute("run-outcome", "outcome")) === "completed",
  );
}

async function main() {
  if (!url) throw new Error("set RUMORMILL_URL to the address that the lab printed");
  const browser = await openBrowser();
  try {
    const { page, complaints } = await openPage(browser, { colorScheme: "light" });
    const lab = new Lab(page);
    await page.goto(url);
    for (const part of [form, processes, views, stopAndReturn, many]) await part(lab);
    await holds("the console has no error", async () => complaints.length === 0, 0);
    for (const complaint of complaints) console.log(`        ${complaint}`);
  } finally {
    await browser.close();
  }
}

await finish(main);
