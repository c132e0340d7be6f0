// Time in a real browser against a real lab: the cursor's position, what the page shows there, and the
// inspected state, each compared with the run's recording.
//
// RUMORMILL_URL, RUMORMILL_BIN, RUNS, SCREENSHOTS: see e2e.mjs

import { openBrowser, openPage } from "./browser.mjs";
import {
  ask,
  cursorOf,
  dragTo,
  openRun,
  press,
  recordingOf,
  restingCursor,
  runInAddress,
  setDetails,
  upTo,
} from "./runs.mjs";
import { finish, holds, id, Lab } from "./steps.mjs";

const url = process.env.RUMORMILL_URL;
const completed = (lab) => async () =>
  (await lab.attribute("run-outcome", "outcome")) === "completed";

/** Starts the flood under faults and waits for its end. */
async function recorded(lab) {
  await lab.click("experiment-flood-faults");
  await lab.fill("param-messages", "3");
  await lab.page.selectOption(id("speed"), "max");
  await lab.run();
  await holds("a run with faults completes", completed(lab));
  const events = await recordingOf(lab.page);
  await holds("the timeline knows how many events there are", async () => {
    const { of } = await cursorOf(lab.page);
    return of === events.length && of > 1000;
  });
  return events;
}

/** What the page shows at its cursor, against the events up to there. */
async function agrees(lab, events, what) {
  const { t, n } = await restingCursor(lab.page);
  const seen = events.slice(0, n);
  await holds(`${what}: as many messages as were sent by event ${n}`, async () => {
    const sent = seen.filter((e) => e.kind === "sent").length;
    return (await lab.number("messages-sent", "value")) === sent;
  });
  const progress = new Map();
  const status = new Map();
  for (const event of seen) {
    if (event.kind === "progress") progress.set(event.peer, `${event.value}/${event.goal}`);
    if (event.kind === "crashed") status.set(event.peer, "crashed");
    if (event.kind === "restarted" || event.kind === "started") status.set(event.peer, "up");
  }
  for (const peer of [1, 7, 20])
    await holds(`${what}: peer ${peer} has what it had`, async () => {
      const text = (await lab.text(`peer-${peer}`)) ?? "";
      const mine = progress.get(peer);
      const down = status.get(peer) === "crashed";
      return (!mine || text.includes(mine)) && (!down || /crashed/.test(text));
    });
  return { t, n };
}

/** Dragging, marks, single steps. */
async function scrub(lab, events) {
  const { page } = lab;
  await dragTo(page, 0.4);
  await holds("dragging the cursor goes back", async () => {
    const { t, n, live } = await cursorOf(page);
    return !live && n > 0 && n < events.length && n === upTo(events, t);
  });
  const { n } = await agrees(lab, events, "after a drag");
  await holds("the past is told in words", () =>
    lab.is("band", /^past[\d.]+ .*s of [\d.]+ s.*event [\d,]+ of [\d,]+/),
  );
  await holds("the last event is named", async () => {
    return (await lab.attribute("cursor-event", "event")) === events[n - 1].id;
  });
  await holds("the address has the moment", async () => /[?&]t=[\d.]+/.test(page.url()));
  await lab.picture("time-past");
  await lab.click("step-forward");
  await holds("one event forward", async () => {
    const now = await cursorOf(page);
    const event = await lab.attribute("cursor-event", "event");
    return now.n === n + 1 && event === events[n].id;
  });
  await lab.click("step-back");
  await lab.click("step-back");
  await holds("two back", async () => (await cursorOf(page)).n === n - 1);
  await agrees(lab, events, "after steps");
}

/** Every mark is an event of the recording, and leads there. */
async function marks(lab, events) {
  const { page } = lab;
  for (const [kind, of] of [
    ["crash", "crashed"],
    ["restart", "restarted"],
  ]) {
    const all = events.filter((e) => e.kind === of);
    await holds(`${kind} marks stand for ${all.length} events`, async () => {
      const counts = await page
        .locator(id(`mark-${kind}`))
        .evaluateAll((list) => list.map((at) => Number(at.dataset.count)));
      return all.length > 0 && counts.reduce((a, b) => a + b, 0) === all.length;
    });
  }
  await holds("faults have marks", async () => (await page.locator(id("mark-fault")).count()) > 0);
  const first = events.find((e) => e.kind === "crashed");
  await page.locator(id("mark-crash")).first().click();
  await holds("a click on a mark goes there", async () => {
    const { t } = await cursorOf(page);
    return Math.abs(t - first.t) < 1e-6;
  });
  await holds("the crashed peer is crashed there", () => lab.is(`peer-${first.peer}`, /crashed/));
  await lab.picture("time-crash");
  const { t } = await restingCursor(page);
  await press(page, "]");
  await holds("] goes to the next mark", async () => (await cursorOf(page)).t > t);
  await press(page, "[");
  await holds("[ goes back to it", async () => (await cursorOf(page)).t <= t + 1e-9);
}

/** The keys of time. */
async function keys(lab, events) {
  const { page } = lab;
  await press(page, "Home");
  await holds("Home is the start", async () => {
    const { t, n } = await cursorOf(page);
    return t === 0 && n === upTo(events, 0);
  });
  await press(page, "ArrowRight");
  const start = upTo(events, 0);
  await holds("→ is one event", async () => (await cursorOf(page)).n === start + 1);
  await press(page, "ArrowLeft");
  await holds("← takes it back", async () => (await cursorOf(page)).n === start);
  await press(page, "Shift+ArrowRight");
  await holds("with Shift a second", async () => {
    const { t, n } = await cursorOf(page);
    return t > 0.5 && t < 1.5 && n === upTo(events, t);
  });
  await press(page, "End");
  await holds("End is the end", async () => (await cursorOf(page)).n === events.length);
  await holds("and has no moment in its address", async () => !/[?&]t=/.test(page.url()));
}

/** Any moment opens by its address. */
async function addresses(lab, events) {
  const { page } = lab;
  const last = events.at(-1).t;
  for (const share of [0.03, 0.21, 0.5, 0.77, 0.93]) {
    const t = Number((share * last).toFixed(6));
    await setDetails(page, { t: String(t) });
    await holds(`the address opens ${t} s`, async () => {
      const now = await cursorOf(page);
      return Math.abs(now.t - t) < 1e-9 && now.n === upTo(events, t);
    });
  }
  const before = await restingCursor(page);
  await page.reload();
  await holds("also in a fresh page", async () => {
    const now = await cursorOf(page);
    return now.n === before.n && Math.abs(now.t - before.t) < 1e-9;
  });
  await agrees(lab, events, "in a fresh page");
}

/** Play, pause, speed. */
async function play(lab, events) {
  const { page } = lab;
  await press(page, "Home");
  await restingCursor(page);
  await page.selectOption(id("play-speed"), "0.3");
  await lab.click("play");
  await holds("playing moves on", async () => (await cursorOf(page)).t > 0.1);
  await lab.picture("time-playing");
  await press(page, " ");
  const still = await restingCursor(page);
  await holds("Space stops it", async () => still.speed === 0 && still.n < events.length);
  await holds("where it stands is where it is", async () => still.n === upTo(events, still.t));
  await page.selectOption(id("play-speed"), "30");
  await press(page, " ");
  await holds("faster, it reaches the end", async () => {
    const { n, speed } = await cursorOf(page);
    return n === events.length && speed === 0;
  });
}

/** The state of a peer at the cursor, its fields and what changed. */
async function state(lab, events) {
  const { page } = lab;
  const run = runInAddress(page);
  const own = events.filter((e) => e.peer === 3 && e.kind === "delivered");
  const event = own[Math.floor(own.length / 2)];
  await setDetails(page, { peer: "3", t: String(event.t) });
  await holds("a peer's state is shown at the cursor", async () => {
    const t = Number(await lab.attribute("peer-state", "t"));
    return Math.abs(t - event.t) < 1e-6;
  });
  const { t } = await restingCursor(page);
  const second = await ask(page, `runs/${encodeURIComponent(run)}/state?peer=3&t=${t}`);
  await holds("every field shown is the lab's", async () => {
    const rows = await page
      .locator(`${id("state-tree")} li`)
      .evaluateAll((list) => list.map((at) => [at.dataset.path, at.dataset.value]));
    const fields = new Map(
      second.body.state.fields.map(([name, tree]) => [name, tree.text ?? null]),
    );
    const leaves = rows.filter(([path]) => fields.get(path) != null);
    return leaves.length > 0 && leaves.every(([path, value]) => fields.get(path) === value);
  });
  await lab.picture("time-state");
  const before = await page.locator(id("state-tree")).innerText();
  await press(page, "End");
  await holds("at the end it is another", async () => {
    const now = await page.locator(id("state-tree")).innerText();
    return now !== before && (await lab.attribute("peer-state", "t")) !== String(event.t);
  });
  await press(page, "Escape");
  await holds("Esc lets go", () => lab.is("inspector-title", /^Run$/));
}

/** One event: fields, body, cause and effect. */
async function event(lab, events) {
  const { page } = lab;
  const delivered = events.filter((e) => e.kind === "delivered");
  const one = delivered[Math.floor(delivered.length / 3)];
  await setDetails(page, { event: one.id, peer: null });
  await holds("an event opens by its address", async () => {
    return (await lab.attribute("event", "event")) === one.id;
  });
  const chain = [];
  const known = new Map(events.map((e) => [e.id, e]));
  for (let at = one; at; at = at.cause ? known.get(at.cause) : null) chain.unshift(at);
  await holds(`its path has ${chain.length} steps`, async () => {
    return (await lab.number("why", "steps")) === chain.length;
  });
  const led = events.filter((e) => e.cause === one.id);
  await holds(`it led to ${led.length} events`, async () => {
    if (led.length === 0) return !(await lab.seen("effects"));
    return (await lab.number("effects", "count")) === led.length;
  });
  await holds("its message is decoded", async () => {
    const text = (await page.locator(`${id("message")} .hex`).innerText()) ?? "";
    return /[0-9a-f]{2}/.test(text);
  });
  await lab.picture("time-event");
  if (await lab.seen("go-there")) await lab.click("go-there");
  const n = events.findIndex((e) => e.id === one.id) + 1;
  await holds("Go there moves the cursor behind it", async () => (await cursorOf(page)).n === n);
  await press(page, "Escape");
}

/** A stranger's question: which peer got the message last, through whom, how long did it take? */
async function stranger(lab) {
  const { page } = lab;
  await lab.click("tab-experiments");
  await lab.click("experiment-flood");
  await lab.fill("param-messages", "1 if peerid == 1 else 0");
  await page.selectOption(id("speed"), "max");
  await lab.run();
  await holds("one message reaches all", completed(lab));
  const events = await recordingOf(page);
  const last = events.filter((e) => e.kind === "progress" && e.value === e.goal).at(-1);
  await page.locator(id("mark-target")).click();
  await holds("the target's mark leads to the last peer that got it", async () => {
    return (await lab.attribute("cursor-event", "event")) === last.id;
  });
  await lab.click("cursor-event");
  const known = new Map(events.map((e) => [e.id, e]));
  const chain = [];
  for (let at = last; at; at = at.cause ? known.get(at.cause) : null) chain.unshift(at);
  await holds("its path names the events that led there, in order", async () => {
    const shown = await page
      .locator(`${id("why")} [data-event]`)
      .evaluateAll((list) => list.map((at) => at.dataset.event));
    const wanted = chain.slice(0, -1).map((e) => e.id);
    return wanted.length >= 2 && JSON.stringify(shown) === JSON.stringify(wanted.slice(-12));
  });
  await holds("and the event its time", () => lab.is("event", new RegExp(last.t.toFixed(6))));
  await lab.picture("time-stranger");
  await press(page, "Escape");
}

/** A run under way: its past can be looked at while it goes on. */
async function underWay(lab) {
  const { page } = lab;
  await lab.click("tab-experiments");
  await lab.click("experiment-flood");
  await lab.fill("param-messages", "20");
  await page.selectOption(id("speed"), "0.01");
  await lab.run();
  await holds("a run under way is followed", async () => {
    const { live, of } = await cursorOf(page);
    return live && of > 100;
  });
  await lab.picture("time-live");
  await dragTo(page, 0.3);
  await holds("its past can be looked at", async () => {
    const { live, n, of } = await cursorOf(page);
    return !live && n < of;
  });
  const then = await restingCursor(page);
  await lab.picture("time-live-past");
  await holds("while it goes on", async () => (await openRun(page)).events > then.of);
  await lab.click("live");
  await holds("and back to the present", async () => {
    const { live, n } = await cursorOf(page);
    return live && n > then.of;
  });
  await lab.click("stop");
}

/** A recording opens as a run did, from the list. */
async function tour(browser) {
  const { page, complaints } = await openPage(browser, { tour: true });
  const lab = new Lab(page);
  await page.goto(url);
  await holds(
    "a first visit begins the tour",
    async () => (await lab.number("tour", "step")) === 1,
  );
  await holds("which leaves Run in the focus", async () => {
    return (await page.evaluate(() => document.activeElement?.dataset.testid)) === "run";
  });
  await lab.picture("tour-1");
  await lab.click("tour-next");
  await lab.fill("param-messages", "5");
  await lab.run();
  await holds("Run is its second step", async () => (await lab.number("tour", "step")) === 3);
  await lab.picture("tour-3");
  await setDetails(page, { peer: "3" });
  await holds("selecting a peer its third", async () => (await lab.number("tour", "step")) === 4);
  await holds("the run completes", completed(lab));
  await lab.picture("tour-4");
  await dragTo(page, 0.5);
  await holds("going back its fourth", async () => (await lab.number("tour", "step")) === 5);
  await lab.picture("tour-5");
  await lab.click("tour-end");
  await page.goto(url);
  await page.waitForSelector(id("run"));
  await page.waitForTimeout(500);
  await holds("it does not come again", async () => !(await lab.seen("tour")));
  await page.keyboard.press("?");
  await lab.click("tour-start");
  await holds("unless asked for in help", async () => (await lab.number("tour", "step")) === 1);
  await page.context().close();
  const other = await openPage(browser, { tour: true });
  await other.page.goto(`${url}&tour=off`);
  await other.page.waitForSelector(id("run"));
  await other.page.waitForTimeout(500);
  await holds("nor with ?tour=off", async () => !(await new Lab(other.page).seen("tour")));
  await other.page.context().close();
  await holds("the tour leaves no error", async () => complaints.length === 0, 0);
}

async function main() {
  if (!url) throw new Error("set RUMORMILL_URL to the address that the lab printed");
  const browser = await openBrowser();
  try {
    const { page, complaints } = await openPage(browser, { colorScheme: "light" });
    const lab = new Lab(page);
    await page.goto(url);
    await page.waitForSelector(`${id("run")}:not([disabled])`);
    const events = await recorded(lab);
    for (const part of [scrub, marks, keys, addresses, play, state, event]) await part(lab, events);
    await page.emulateMedia({ colorScheme: "dark" });
    await dragTo(page, 0.6);
    await page.waitForTimeout(400);
    await lab.picture("time-dark");
    await stranger(lab);
    await underWay(lab);
    await holds("the console has no error", async () => complaints.length === 0, 0);
    for (const complaint of complaints) console.log(`        ${complaint}`);
    await tour(browser);
  } finally {
    await browser.close();
  }
}

await finish(main);
