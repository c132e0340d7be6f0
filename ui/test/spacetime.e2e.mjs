// The space-time diagram in a real browser against a real lab: what it draws, lights, finds and lists is
// compared with what truly happened, as the run's recording tells.
//
// RUMORMILL_URL  the address that the lab printed, with its token
// RUNS           the folder where this lab records
// RUMORMILL_BIN  the command line, to read the recordings
// SCREENSHOTS    a folder for pictures; none are taken without it

import { openBrowser, openPage } from "./browser.mjs";
import { finish, holds, id, Lab } from "./steps.mjs";
import { byId, cone, countOf, followed, idOf, messages, path, peerOf, simulate } from "./truth.mjs";

const url = process.env.RUMORMILL_URL;
/** How the diagram lies in its box, pixels: names to the left, times and faults above. */
const [GUTTER, MARGIN, TOP, BOTTOM] = [64, 14, 38, 8];
const [ROW_MIN, ROW_MAX] = [10, 56];
/** The page draws no more events than this one by one. */
const EVENTS_MAX = 4000;

/** A run's diagram, and what the page says of it. */
class Diagram {
  constructor(lab, run) {
    this.lab = lab;
    this.run = run;
  }

  async open(query = "") {
    await this.lab.page.evaluate((hash) => {
      location.hash = hash;
    }, `#/run/${this.run.id}/spacetime${query}`);
    await this.settled();
  }

  /** Waits until the lab has answered and the picture stands. */
  async settled() {
    await this.lab.page.waitForTimeout(350);
    await this.lab.page.waitForSelector(
      `${id("spacetime-stage")}[aria-busy="false"] [data-rows]:not([data-rows=""])`,
    );
    await this.lab.page.waitForTimeout(150);
  }

  data = (key) => this.lab.attribute("spacetime", key);
  number = async (key) => Number(await this.data(key));
  words = () => this.lab.text("spacetime-words");
  rows = async () => (await this.data("rows")).split(",").map(Number);

  /** Where an event is to be found on the screen, from the span and the rows that the page names. */
  async place(event) {
    const box = await this.lab.page.locator(id("spacetime")).boundingBox();
    const [from, to] = [await this.number("from"), await this.number("to")];
    const rows = await this.rows();
    const fit = (box.height - TOP - BOTTOM) / rows.length;
    const high = Math.max(ROW_MIN, Math.min(ROW_MAX, fit));
    return {
      x: box.x + GUTTER + ((event.t - from) / (to - from)) * (box.width - GUTTER - MARGIN),
      y: box.y + TOP + (rows.indexOf(event.peer) + 0.5) * high,
    };
  }

  async click(event) {
    const { x, y } = await this.place(event);
    await this.lab.page.mouse.click(x, y);
  }

  selected = async () => /event=(\d+)/.exec(this.lab.page.url())?.[1] ?? null;
}

/** An event that nothing else lies close to, so that a click can only mean it. */
function lonely(events, wanted, apart_ns = 2e5) {
  const near = (a, b) => a.peer === b.peer && a.id !== b.id && Math.abs(a.ns - b.ns) < apart_ns;
  return events.findLast((e) => wanted(e) && !events.some((other) => near(e, other)));
}

/** Everything that happened has its mark, and each message its arrow. */
async function draws(lab, run) {
  const diagram = new Diagram(lab, run);
  const { trace } = run;
  const atPeers = trace.filter((e) => e.peer > 0);
  await diagram.open();
  await holds(
    "small runs are drawn event by event",
    async () => (await diagram.data("detail")) === "true",
  );
  await holds(
    "each event of a peer has a mark",
    async () => (await diagram.number("marks")) === atPeers.length,
  );
  await holds(
    "each message has an arrow, and all are drawn",
    async () =>
      (await diagram.number("arrows")) === messages(trace).length &&
      (await diagram.number("drawn")) === messages(trace).length,
  );
  await holds("the words say the same numbers", async () =>
    (await diagram.words()).includes(`${messages(trace).length} messages`),
  );
  const peers = [...new Set(atPeers.map((e) => e.peer))].sort((a, b) => a - b);
  await holds(
    "each peer has a row",
    async () => String((await diagram.rows()).sort((a, b) => a - b)) === String(peers),
  );
  await holds(
    "drawing takes less than a tenth of a second",
    async () => (await diagram.number("took")) < 100,
  );
  await lab.picture("spacetime");
}

/** A click on an event selects that one; its cones and its path are the true ones. */
async function explains(lab, run) {
  const diagram = new Diagram(lab, run);
  const { trace } = run;
  const middle = trace.at(-1).t * 0.75;
  const event = lonely(
    trace,
    (e) => e.kind === "delivered" && e.t < middle && path(trace, e.id).length > 6,
  );
  const around = 0.002;
  await diagram.open(`?from=${event.t - around}&to=${event.t + around}`);
  await diagram.click(event);
  await holds(
    "a click where an event lies selects it",
    async () => (await diagram.selected()) === event.id,
  );
  for (const [side, word] of [
    ["past", "led to it"],
    ["future", "followed"],
  ]) {
    const ids = cone(trace, event.id, side);
    const count = (n, noun) => `${n.toLocaleString("en-US")} ${noun}${n === 1 ? "" : "s"}`;
    const peers = count(new Set([...ids].map(peerOf)).size, "peer");
    // The event itself is not counted among those that led to it or followed.
    const size = ids.size === 1 ? "nothing" : `${count(ids.size - 1, "event")}, ${peers}`;
    await holds(`its ${side} is as large as it truly is: ${size}`, async () =>
      (await lab.text("cone-words")).includes(`${word}: ${size}`),
    );
  }
  await holds("the path that led to it is its chain of causes", async () => {
    const steps = lab.page.locator(`${id("path")} [data-event]`);
    const ids = await steps.evaluateAll((all) => all.map((e) => e.dataset.event));
    return String(ids) === String(path(trace, event.id).map((e) => e.id));
  });
  await holds("the path begins at a root", async () => path(trace, event.id)[0].cause === null);
  const hops = path(trace, event.id).filter((e) => e.kind === "delivered").length;
  await holds("the sentence counts the messages on the path", () =>
    lab.is("why-words", new RegExp(`through ${hops} messages?,`)),
  );
  await lab.page.click("text=Show path");
  await diagram.settled();
  await lab.picture("spacetime-why");
  const first = path(trace, event.id).at(-3);
  await lab.page.click(`${id("path")} [data-event="${first.id}"]`);
  await holds(
    "a step of the path can be selected",
    async () => (await diagram.selected()) === first.id,
  );
  await lab.click("go-there");
  await holds(
    "the cursor goes to the event",
    async () => Math.abs((await lab.number("cursor", "t")) - first.t) < 1e-6,
  );
}

/** What a search finds is what is in the recording. */
async function finds(lab, run) {
  const diagram = new Diagram(lab, run);
  const { trace } = run;
  await diagram.open();
  const search = async (words) => {
    await lab.page.fill("#search", words);
    await lab.page.press("#search", "Enter");
  };
  const pushes = trace.filter((e) => e.kind === "delivered" && e.name === "push" && e.peer === 3);
  await search("delivered push peer 3");
  await holds(
    `"delivered push peer 3" finds ${pushes.length}`,
    async () => (await lab.number("found-words", "count")) === pushes.length,
  );
  await lab.page.focus(id("spacetime"));
  await lab.page.keyboard.press("n");
  await holds(
    "n selects the first of them",
    async () => (await diagram.selected()) === pushes[0].id,
  );
  await lab.page.keyboard.press("n");
  await holds("n again the second", async () => (await diagram.selected()) === pushes[1].id);
  await lab.page.keyboard.press("N");
  await holds("N the first again", async () => (await diagram.selected()) === pushes[0].id);
  await lab.picture("spacetime-found");
  const isPush = (kind) => (e) => e.kind === kind && e.name === "push";
  const pairs = followed(trace, isPush("delivered"), isPush("sent"), 0.002);
  await search("delivered push then sent push within 2ms on the same peer");
  await holds(
    `a pattern matches ${pairs.length} times`,
    async () =>
      pairs.length > 0 &&
      (await lab.number("found-words", "count")) === Math.min(500, pairs.length),
  );
  await lab.picture("spacetime-pattern");
  await search("sent push then within 2s");
  await holds("a wrong pattern is told, with the column", () => lab.is("search-error", /▸|column/));
  await lab.picture("spacetime-pattern-error");
  await search("");
  await holds("an empty search ends it", async () => !(await lab.page.url()).includes("find="));
}

/** The wheel goes from the whole run to a single event, which stays under the pointer. */
async function zooms(lab, run) {
  const diagram = new Diagram(lab, run);
  const event = lonely(run.trace, (e) => e.kind === "delivered", 1e6);
  await diagram.open();
  const { x, y } = await diagram.place(event);
  await lab.page.mouse.move(x, y);
  const zoomed = async () => {
    await lab.page.mouse.wheel(0, -400);
    await lab.page.waitForTimeout(80);
    return (await diagram.number("to")) - (await diagram.number("from")) < 2e-4;
  };
  await holds("the wheel zooms to a fifth of a millisecond", zoomed);
  await diagram.settled();
  await holds(
    "the event stays within the span",
    async () =>
      (await diagram.number("from")) <= event.t && event.t <= (await diagram.number("to")),
  );
  await holds("the words count what is left in sight", async () => {
    const [from, to] = [await diagram.number("from"), await diagram.number("to")];
    const left = run.trace.filter((e) => e.peer > 0 && e.t >= from && e.t <= to).length;
    return left > 0 && (await diagram.words()).includes(`· ${left} event`);
  });
  await diagram.click(event);
  await holds(
    "the single event can be selected",
    async () => (await diagram.selected()) === event.id,
  );
  await holds("the span is in the address", async () => /from=.*to=/.test(lab.page.url()));
  await lab.picture("spacetime-single-event");
  await lab.click("spacetime-fit");
  await holds("Fit shows the whole run", async () => (await diagram.number("from")) === 0);
}

/** The keys go along a peer's events, and Enter selects. */
async function walks(lab, run) {
  const diagram = new Diagram(lab, run);
  const known = byId(run.trace);
  await diagram.open();
  await lab.page.keyboard.press("Tab");
  await lab.page.focus(id("spacetime"));
  for (const key of ["ArrowRight", "ArrowRight", "ArrowRight", "Enter"])
    await lab.page.keyboard.press(key);
  await holds("three steps to the right and Enter select an event", async () =>
    known.has(await diagram.selected()),
  );
  const at = await diagram.selected();
  await lab.page.keyboard.press("ArrowRight");
  await lab.page.keyboard.press("Enter");
  const next = idOf(peerOf(at), countOf(at) + 1);
  await holds(
    "one more selects the peer's next event",
    async () => (await diagram.selected()) === next,
  );
  await lab.page.keyboard.press("Escape");
  await holds("Esc lets go", async () => (await diagram.selected()) === null);
}

/** A click beside everything puts the cursor there. */
async function pointsInTime(lab, run) {
  const diagram = new Diagram(lab, run);
  await diagram.open();
  const end = await diagram.number("to");
  const rows = await diagram.rows();
  const { x, y } = await diagram.place({ t: end * 0.4, peer: rows[0] });
  await lab.page.mouse.click(x, y - TOP / 2 - 8);
  await holds(
    "the axis moves the cursor",
    async () => Math.abs((await lab.number("cursor", "t")) - end * 0.4) < end * 0.01,
  );
}

/** Too many events become counts, and the true numbers stand beside them; quiet peers can be folded. */
async function scales(lab, run) {
  const diagram = new Diagram(lab, run);
  const { trace } = run;
  await diagram.open();
  await holds(
    "a long run is drawn as counts",
    async () => (await diagram.data("detail")) === "false",
  );
  const sent = trace.filter((e) => e.kind === "sent").length;
  await holds(`the words say how many messages there truly are: ${sent}`, async () =>
    (await diagram.words()).includes(`of ${sent.toLocaleString("en-US")} messages`),
  );
  await holds(`and how many events: ${trace.length}`, async () =>
    (await diagram.words()).includes(`${trace.length.toLocaleString("en-US")} events`),
  );
  await lab.picture("spacetime-density");
  const peers = [...new Set(trace.map((e) => e.peer))].filter((p) => p > 0);
  const [from, to, loud] = quietSpan(trace, peers);
  await diagram.open(`?from=${from}&to=${to}`);
  await holds(
    "what is in sight is drawn event by event",
    async () => (await diagram.data("detail")) === "true",
  );
  await holds(
    "all peers keep their rows",
    async () => (await diagram.rows()).length === peers.length,
  );
  await lab.click("fold-quiet");
  await diagram.settled();
  const words = `${peers.length - loud.size} quiet peer`;
  await holds(
    `folding leaves the ${loud.size} peers to whom something happens, and says ${words}`,
    async () => {
      const rows = await diagram.rows();
      return (
        rows.length === loud.size &&
        rows.every((p) => loud.has(p)) &&
        (await diagram.words()).includes(words)
      );
    },
  );
  await lab.picture("spacetime-folded");
  const [a, b] = [peers[4], peers[1]];
  await lab.click("rows-button");
  await lab.fill("rows-input", `${a}, ${b}`);
  // A click would close the form.
  await lab.page.press(id("fold-quiet"), "Enter");
  await holds(
    "unfolding brings all rows back",
    async () => (await diagram.rows()).length === peers.length,
  );
  await holds(
    "what is being typed stays, though the rows change",
    async () => (await lab.page.inputValue(id("rows-input"))) === `${a}, ${b}`,
  );
  await lab.page.press(id("rows-input"), "Enter");
  await holds(
    "rows can be chosen, in any order",
    async () => String(await diagram.rows()) === `${a},${b}`,
  );
  await holds("and stand in the address", async () => lab.page.url().includes(`rows=${a}`));
}

/** A span in which something happens to some peers only, and all of it can be drawn. */
function quietSpan(trace, peers) {
  for (let from = 0.5; from < trace.at(-1).t; from += 0.1) {
    const inside = trace.filter((e) => e.t >= from && e.t <= from + 0.1 && e.peer > 0);
    const loud = new Set(inside.map((e) => e.peer));
    if (loud.size > 1 && loud.size < peers.length - 2 && inside.length < EVENTS_MAX / 4)
      return [from, from + 0.1, loud];
  }
  throw new Error("every peer is busy all the time: choose another seed");
}

/** Faults and crashes stand where they happened. */
async function marksFaults(lab, run) {
  const diagram = new Diagram(lab, run);
  const crash = run.trace.find((e) => e.kind === "crashed");
  const restart = run.trace.find((e) => e.kind === "restarted" && e.peer === crash.peer);
  await diagram.open(`?from=${crash.t - 0.05}&to=${crash.t + 0.05}`);
  await diagram.click(crash);
  await holds("a crash is where it happened", async () => (await diagram.selected()) === crash.id);
  await diagram.open(`?from=${restart.t - 0.05}&to=${restart.t + 0.05}`);
  await diagram.click(restart);
  await holds("a restart is where it happened", async () => {
    const at = await diagram.selected();
    return at !== null && peerOf(at) === restart.peer;
  });
}

/** With the page alone: which peer was the last to have the message, through whom, and how long it took. */
async function answersAStranger(lab, run) {
  const last = run.trace.findLast((e) => e.kind === "done");
  const way = path(run.trace, last.id);
  const through = way.filter((e) => e.kind === "delivered").map((e) => e.peer);
  const diagram = new Diagram(lab, run);
  await diagram.open();
  await lab.page.fill("#search", "done");
  await lab.page.press("#search", "Enter");
  await holds(
    "every peer's end is found",
    async () => (await lab.number("found-words", "count")) === run.peers,
  );
  await lab.page.click("text=Previous");
  await holds(
    `the last is peer ${last.peer}'s`,
    async () => (await diagram.selected()) === last.id,
  );
  await lab.click("drawer-why");
  await holds(`it got there through ${through.join(", ")}`, async () => {
    const hops = await lab.page
      .locator(`${id("path")} .hop`)
      .evaluateAll((all) => all.map((e) => e.querySelectorAll(".number")[2].textContent));
    return String(hops) === String(through);
  });
  const took = `${((last.t - way[0].t) * 1000).toPrecision(3)} ms later`;
  await holds(`the sentence says how long it took: ${took}`, async () =>
    (await lab.text("why-words")).includes(took),
  );
  await lab.picture("spacetime-stranger");
}

/** Pictures of both themes and sizes, to be looked at. */
async function looks(lab, runs) {
  for (const size of [
    { width: 1280, height: 720 },
    { width: 1920, height: 1080 },
  ])
    for (const colorScheme of ["light", "dark"]) {
      await lab.page.setViewportSize(size);
      await lab.page.emulateMedia({ colorScheme });
      for (const [name, run, query] of runs) {
        await new Diagram(lab, run).open(query);
        await lab.picture(`spacetime-${name}-${size.width}-${colorScheme}`);
      }
    }
}

async function main() {
  if (!url) throw new Error("set RUMORMILL_URL to the address that the lab printed");
  const browser = await openBrowser();
  try {
    const { page, complaints } = await openPage(browser, { colorScheme: "light" });
    const lab = new Lab(page);
    await page.goto(url);
    const flood = await simulate(lab, "flood", { peers: 10 }, 3);
    const messages = "1 if peerid == 1 else 0";
    const single = await simulate(lab, "flood", { peers: 10, messages }, 5);
    const faults = await simulate(lab, "flood-faults", {}, 2);
    for (const part of [draws, explains, finds, zooms, walks, pointsInTime]) await part(lab, flood);
    await answersAStranger(lab, single);
    for (const part of [scales, marksFaults]) await part(lab, faults);
    const last = flood.trace.findLast((e) => e.kind === "delivered");
    await looks(lab, [
      ["flood", flood, `?event=${last.id}`],
      ["faults", faults, "?from=0.9&to=3.2"],
    ]);
    await holds(
      "the console has no error but the refused search's",
      async () => complaints.every((c) => /status of 400/.test(c)),
      0,
    );
    for (const complaint of complaints) console.log(`        ${complaint}`);
  } finally {
    await browser.close();
  }
}

await finish(main);
