// The page in a real browser against a stand-in for the lab: what a real lab does too rarely to wait
// for. A lab that goes away and comes back, a broken experiment, communities side by side, crowds.
//
// SCREENSHOTS    a folder for pictures; none are taken without it

import { openBrowser, openPage } from "./browser.mjs";
import { start } from "./fake/lab.mjs";
import { cursorOf, dragTo, press, restingCursor } from "./runs.mjs";
import { finish, holds, id, Lab } from "./steps.mjs";

/** Opens the lab's page, with the form ready to run. */
async function open(browser, url, options) {
  const { page, complaints } = await openPage(browser, options);
  await page.goto(url);
  const lab = new Lab(page);
  await page.waitForSelector(`${id("run")}:not([disabled])`);
  return { lab, page, complaints };
}

async function firstVisit(browser, fake) {
  const { lab, page, complaints } = await open(browser, fake.url, { colorScheme: "dark" });
  const focused = () => page.evaluate(() => document.activeElement?.dataset["testid"]);
  await holds("the first visit opens with Run focused", async () => (await focused()) === "run");
  const theme = () => page.evaluate(() => document.documentElement.dataset["theme"]);
  await holds("the theme is the system's", async () => (await theme()) === "dark");
  await page.click('[aria-label="Use the light theme"]');
  await holds("and can be changed", async () => (await theme()) === "light");
  await page.reload();
  await holds("and is remembered", async () => (await theme()) === "light");
  await page.waitForSelector(`${id("run")}:not([disabled])`);
  await page.locator(id("run")).focus();
  await page.keyboard.press("Enter");
  await holds("Enter starts a run", () => lab.seen("graph-canvas"));
  await holds(
    "within two seconds something moves",
    async () => (await lab.number("graph-canvas", "edges-drawn")) > 0,
    2000,
  );
  await page.click('[aria-label="Hide the left panel"]');
  await holds("panels fold away", async () => !(await lab.seen("run")));
  await page.click('[aria-label="Show the left panel"]');
  await holds("and back", () => lab.seen("run"));
  await holds("no complaint so far", async () => complaints.length === 0, 0);
  await page.context().close();
}

async function noStore(browser, fake) {
  const { lab, page, complaints } = await open(browser, fake.url);
  await lab.click("tab-stores");
  await holds("without a store the list says what to type", async () =>
    /No store is up.*rumormill store up/.test(await page.locator(".left .runs").textContent()),
  );
  await holds("one that is elsewhere can be named", () => lab.seen("watch-store"));
  await lab.picture("no-store");
  await page.setViewportSize({ width: 400, height: 800 });
  await page.reload();
  await holds("a narrow page begins with what to run", () => lab.seen("tab-experiments"));
  await holds("no complaint", async () => complaints.length === 0, 0);
  await page.context().close();
}

async function brokenExperiment(browser, fake) {
  const { lab, page } = await open(browser, fake.url);
  await lab.click("experiment-mine");
  await holds("a broken experiment says where", () =>
    lab.is("broken", /mine\.star: line 2, column 13/),
  );
  await holds("and cannot be run", async () => !(await lab.seen("run")));
  await lab.picture("broken");
  await page.goBack();
  await page.goto(`${new URL(fake.url).origin}/#/run/r999/graph`);
  await holds("an unknown run is told in a sentence", async () =>
    /has no run r999/.test((await page.locator(".notice").textContent()) ?? ""),
  );
  await page.context().close();
}

async function hands(browser, fake) {
  const { lab, page } = await open(browser, fake.url);
  await lab.fill("param-messages", "2000");
  await lab.run();
  await holds(
    "ten peers are drawn",
    async () => (await lab.number("graph-canvas", "peers")) === 10,
  );
  const box = await page.locator(id("graph-canvas")).boundingBox();
  const middle = [box.x + box.width / 2, box.y + box.height / 2];
  // Peer 1 stands on top of the circle; its disc is found by hovering downwards.
  let y = box.y + 20;
  for (; y < middle[1]; y += 4) {
    await page.mouse.move(middle[0], y);
    if (
      /^Peer 1$/.test(
        (await page
          .locator(".tip strong")
          .textContent({ timeout: 60 })
          .catch(() => "")) ?? "",
      )
    )
      break;
  }
  await holds("a hover tells what a peer is", async () =>
    /messages: \d+\/20000/.test((await page.locator(".tip").textContent()) ?? ""),
  );
  await lab.picture("hover");
  await page.mouse.click(middle[0], y);
  await holds("a click selects it", () => lab.is("inspector-title", /^Peer 1$/));
  await page.keyboard.press("Escape");
  await holds("Esc lets go", () => lab.is("inspector-title", /^Run$/));
  await page.mouse.move(middle[0], y);
  await page.mouse.down();
  await page.mouse.move(middle[0] + 60, y + 60, { steps: 4 });
  await page.mouse.up();
  await page.mouse.move(box.x + 8, middle[1]);
  await page.mouse.move(middle[0] + 60, y + 60);
  await holds("a peer can be dragged", async () =>
    /^Peer 1$/.test((await page.locator(".tip strong").textContent()) ?? ""),
  );
  await page.mouse.move(...middle);
  await page.mouse.wheel(0, -600);
  await lab.picture("zoomed");
  await page.keyboard.press("f");
  await page.click('button:text("Force")');
  await page.waitForTimeout(1200);
  await lab.picture("force");
  await page.keyboard.press("/");
  const focused = () => page.evaluate(() => document.activeElement?.id);
  await holds("/ searches the log", async () => (await focused()) === "log-filter");
  await page.keyboard.type("1");
  await holds("typing is no command", async () => /\/log/.test(page.url()));
  await page.context().close();
}

async function communities(browser, fake) {
  const { lab, page } = await open(browser, fake.url);
  await lab.click("experiment-flood-faults");
  await lab.fill("param-messages", "500");
  await lab.run();
  await holds(
    "each community has its picture",
    async () => (await page.locator(".pictures figure").count()) === 3,
  );
  await lab.picture("communities");
  await page.click('fieldset[aria-label="Community"] button:text("store")');
  await holds(
    "one of them can be looked at alone",
    async () => (await page.locator(".pictures figure").count()) === 1,
  );
  await holds("and the address says so", async () => /community=store/.test(page.url()));
  await page.context().close();
}

async function labGone(browser) {
  const first = await start();
  const port = Number(new URL(first.url).port);
  const { lab, page } = await open(browser, first.url);
  await lab.fill("param-messages", "5000");
  await lab.run();
  await holds("a run goes on", async () => (await lab.number("graph-canvas", "edges-drawn")) > 0);
  await first.close();
  await holds("a lab that is gone is told in a sentence", async () =>
    /does not answer/.test((await page.locator(".lost").textContent()) ?? ""),
  );
  await lab.picture("lab-gone");
  const second = await start({ port });
  await holds("a new lab does not know the run, and the page says so", async () =>
    /has no run/.test((await page.locator(".notice").textContent()) ?? ""),
  );
  await page.context().close();
  await second.close();
}

/** The timeline where nobody has a second lab: what is typed is no command, the last place wins. */
async function time(browser, fake) {
  const { lab, page, complaints } = await open(browser, fake.url);
  await lab.fill("param-messages", "30");
  await lab.run();
  await holds("the run completes", async () => (await lab.seen("run-outcome")) === true);
  await holds("the cursor is at the end", async () => {
    const { n, of } = await cursorOf(page);
    return n === of && of > 100;
  });
  const sent = [];
  page.on("websocket", (socket) =>
    socket.on("framesent", ({ payload }) => sent.push(JSON.parse(String(payload)))),
  );
  await page.reload();
  await holds("the cursor is back after a reload", async () => (await cursorOf(page)).of > 100);
  await dragTo(page, 0.25);
  const { t } = await restingCursor(page);
  const end = await lab.number("timeline", "end");
  await holds("a drag ends where the hand let go", async () => Math.abs(t / end - 0.25) < 0.01);
  const seeks = sent.filter((wish) => wish.type === "seek");
  await holds("the last place asked for is that one", async () => seeks.at(-1)?.t === t);
  await page.focus(id("param-messages"));
  await page.keyboard.press("ArrowLeft");
  await page.keyboard.press("Space");
  await page.keyboard.press("k");
  await page.waitForTimeout(300);
  await holds("typing moves nothing", async () => {
    const now = await cursorOf(page);
    return now.t === t && now.speed === 0 && !(await lab.seen("branch"));
  });
  await press(page, "ArrowLeft");
  await holds("an arrow outside steps", async () => {
    return JSON.stringify(sent.at(-1)) === JSON.stringify({ type: "step", by: -1 });
  });
  await press(page, "+");
  const faster = await page.inputValue(id("play-speed"));
  await press(page, "-");
  const slower = await page.inputValue(id("play-speed"));
  await holds("+ and - change the speed", async () => Number(faster) > Number(slower));
  await lab.click("copy-address");
  await holds("the address can be copied, or the page says why not", () => lab.seen("toast"));
  await holds("no complaint of the timeline", async () => complaints.length === 0, 0);
  await page.context().close();
}

async function crowds(browser, fake) {
  const { lab, page } = await open(browser, fake.url, { viewport: { width: 1920, height: 1080 } });
  await lab.fill("param-messages", "1000");
  for (const peers of [10_000, 100_000]) {
    await lab.fill("param-peers", String(peers));
    await page.waitForTimeout(300);
    await lab.run();
    await holds(
      `a crowd of ${peers} is drawn`,
      async () => (await lab.number("graph-canvas", "peers")) > 1000,
    );
    await page.waitForTimeout(1000);
    const pictures = await page.evaluate(
      () =>
        new Promise((done) => {
          let count = 0;
          const from = performance.now();
          const next = () => {
            count += 1;
            if (performance.now() - from < 1500) requestAnimationFrame(next);
            else done(count / 1.5);
          };
          requestAnimationFrame(next);
        }),
    );
    console.log(`        ${pictures.toFixed(0)} pictures a second with ${peers} peers`);
    await holds("the page stays at hand", async () => pictures >= 5, 0);
    await lab.picture(`crowd-${peers}`);
    await page.keyboard.press("5");
    const rows = id(peers > 20_000 ? "group-rows" : "peer-rows");
    await holds("only the rows in sight exist", async () => {
      const many = await page.locator(`${rows} li`).count();
      return many > 5 && many < 100;
    });
    await page.keyboard.press("1");
    await lab.click("stop");
  }
  await page.context().close();
}

async function main() {
  const fake = await start();
  const browser = await openBrowser();
  try {
    await firstVisit(browser, fake);
    await noStore(browser, fake);
    await brokenExperiment(browser, fake);
    await hands(browser, fake);
    await communities(browser, fake);
    await labGone(browser);
    await time(browser, fake);
    await crowds(browser, fake);
  } finally {
    await browser.close();
    await fake.close();
  }
}

await finish(main);
