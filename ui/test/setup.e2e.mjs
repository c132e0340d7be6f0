// What to run, in a real browser against a real lab: the gallery's pictures, many seeds, a sweep, runs
// chosen to be compared, and addresses to share.
//
// RUMORMILL_URL, SCREENSHOTS: see e2e.mjs

import { openBrowser, openPage } from "./browser.mjs";
import { ask, openRun } from "./runs.mjs";
import { finish, holds, id, Lab } from "./steps.mjs";

const url = process.env.RUMORMILL_URL;

/** Every sound experiment has its picture and its first sentence. */
async function gallery(lab) {
  const { page } = lab;
  const { body } = await ask(page, "experiments");
  const sound = body.experiments.filter((e) => !e.broken);
  for (const of of sound) {
    await holds(`${of.name} has a picture`, async () => {
      const peers = await lab.number(`sketch-${of.name}`, "peers");
      const links = await lab.number(`sketch-${of.name}`, "links");
      return peers >= 2 && peers <= 12 && links >= peers - 1;
    });
    await holds(`${of.name} says what it teaches`, async () => {
      const text = await lab.page
        .locator(`${id(`experiment-${of.name}`)} .entry-about`)
        .innerText();
      return text.length > 10 && of.about.startsWith(text);
    });
  }
  await lab.picture("setup-gallery");
}

/** Two runs by hand, chosen and compared. */
async function compare(lab) {
  const { page } = lab;
  const ids = [];
  for (const seed of ["1", "2"]) {
    await lab.click("experiment-flood");
    await lab.fill("seed", seed);
    await page.selectOption(id("speed"), "max");
    await lab.run();
    await holds(`seed ${seed} completes`, async () => {
      const done = (await lab.attribute("run-outcome", "outcome")) === "completed";
      return done && !ids.includes((await openRun(page)).id);
    });
    ids.push((await openRun(page)).id);
  }
  await lab.click("tab-runs");
  await lab.click(`pick-${ids[0]}`);
  await holds("one run alone is not compared", async () => {
    return page.locator(id("compare")).isDisabled();
  });
  await lab.click(`pick-${ids[1]}`);
  await lab.picture("setup-pick");
  await lab.click("compare");
  await holds("two are, at an address of their own", async () =>
    page.url().endsWith(`#/compare?runs=${ids.map(encodeURIComponent).join(",")}`),
  );
  await lab.click("tab-experiments");
}

/** Many seeds and a sweep, from the form to their pages. */
async function jobs(lab) {
  const { page } = lab;
  await lab.click("experiment-flood");
  await page.waitForSelector(`${id("explore-open")}:not([disabled])`);
  await lab.click("explore-open");
  await lab.fill("explore-seeds", "5..1");
  await lab.click("explore-start");
  await holds("a wrong range is told", () => lab.is("job-error", /write 1\.\.5/));
  await lab.fill("explore-seeds", "1..5");
  await holds("a right one is counted", () => lab.is("explore-start", /5 seeds/));
  await lab.picture("setup-explore");
  await lab.click("explore-start");
  await holds("an exploration opens", async () => /#\/explore\/[^/]+$/.test(page.url()));
  const job = page.url().split("/").at(-1);
  await holds("of five seeds, and it ends", async () => {
    const { body } = await ask(page, `explore/${job}`);
    return body.seeds[0] === 1 && body.seeds[1] === 5 && body.state === "ended";
  });
  await lab.click("experiment-flood");
  await page.waitForSelector(`${id("sweep-open")}:not([disabled])`);
  await lab.click("sweep-open");
  await page.selectOption(id("sweep-parameter"), "peers");
  await lab.fill("sweep-points", "5, many");
  await lab.click("sweep-start");
  await holds("a wrong value is told", () => lab.is("job-error", /"many" is no number/));
  await lab.fill("sweep-points", "5, 10, 20");
  await lab.fill("sweep-seeds", "1..2");
  await holds("runs are counted", () => lab.is("sweep-start", /6 runs/));
  await lab.picture("setup-sweep");
  await lab.click("sweep-start");
  await holds("a sweep opens", async () => /#\/sweep\/[^/]+$/.test(page.url()));
  await holds("over the values", async () => {
    const { body } = await ask(page, `sweeps/${page.url().split("/").at(-1)}`);
    return JSON.stringify(body.points.map((p) => p.value)) === "[5,10,20]";
  });
  await lab.click("tab-runs");
  await holds("both are in the list", async () => {
    return (await page.locator(`${id("jobs")} li`).count()) >= 2;
  });
  await lab.click(`job-${job}`);
  await holds("from where they open again", async () => page.url().endsWith(`/explore/${job}`));
  await lab.picture("setup-jobs");
  await lab.click("tab-experiments");
}

/** The address of a view can be copied. */
async function copy(lab) {
  const { page } = lab;
  await page.goBack();
  await lab.click("copy-address");
  await holds("the address is copied", async () => {
    return (await page.evaluate(() => navigator.clipboard.readText())) === page.url();
  });
  await holds("and the page says so", () => lab.is("toast", /copied/));
}

async function main() {
  if (!url) throw new Error("set RUMORMILL_URL to the address that the lab printed");
  const browser = await openBrowser();
  try {
    const permissions = ["clipboard-read", "clipboard-write"];
    const { page, complaints } = await openPage(browser, { colorScheme: "light", permissions });
    const lab = new Lab(page);
    await page.goto(url);
    await page.waitForSelector(`${id("run")}:not([disabled])`);
    for (const part of [gallery, compare, jobs, copy]) await part(lab);
    await holds("the console has no error", async () => complaints.length === 0, 0);
    for (const complaint of complaints) console.log(`        ${complaint}`);
  } finally {
    await browser.close();
  }
}

await finish(main);
