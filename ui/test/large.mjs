// Ten thousand peers and a hundred thousand links, without a graphics processor: how fast a hand is
// answered. The links are those of a real run, told to the page as the lab tells them, all of them.

import { holds } from "./steps.mjs";
import { eventsOf } from "./truth.mjs";

const PEERS = 10_000;
/** The lab's own limits for a frame. */
const ROWS_MAX = 2000;
/** A hand must be answered within; one input in twenty may meet a machine that is busy with others. */
const ANSWER_MS = 100;

/** The words of the lab for a run, with every link of it. */
function wordsOf(events, run) {
  const links = new Map();
  for (const { kind, peer, other, bytes } of events) {
    if (kind !== "sent" || other === null || peer === other) continue;
    const key = peer * 1e6 + other;
    const row = links.get(key) ?? [peer, other, 0, 0, 0, 0, 0];
    row[4] += 1;
    row[5] += bytes;
    links.set(key, row);
  }
  const names = { communities: ["flood"], kinds: ["push"], targets: ["messages"] };
  const hello = { type: "hello", run, peers: PEERS, aggregated: false, ...names };
  const peers = Array.from({ length: PEERS }, (_, i) => [i + 1, 1, 1, [[0, 2, 2]], [0], 0]);
  const rows = [...links.values()];
  const frames = [];
  for (let at = 0; at < Math.max(rows.length, peers.length); at += ROWS_MAX)
    frames.push({
      ...{ type: "frame", t: run.virtual_seconds, run: {} },
      ...{ peers: peers.slice(at, at + ROWS_MAX), edges: rows.slice(at, at + ROWS_MAX) },
    });
  return { hello, frames, links: rows.length };
}

/** Time from an input's own stamp to the end of the first turn after the page has reacted to it. */
const WATCH = () => {
  globalThis.answers = [];
  globalThis.tasks = [];
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) globalThis.tasks.push(entry.duration);
  }).observe({ type: "longtask", buffered: false });
  for (const type of ["pointermove", "pointerdown", "pointerup", "wheel", "keydown"])
    addEventListener(
      type,
      (event) => {
        const channel = new MessageChannel();
        // After all listeners and what they asked to be drawn.
        channel.port1.onmessage = () =>
          requestAnimationFrame(() => {
            globalThis.answers.push([type, performance.now() - event.timeStamp]);
          });
        channel.port2.postMessage(0);
      },
      { capture: true, passive: true },
    );
};

/** A machine that is busy with others is slow on any page; ours may be so many times as slow as a blank one. */
const TIMES_BLANK = 3;
const TRIES = 3;

async function measured(graph, what, act) {
  let [most, limit] = [Infinity, ANSWER_MS];
  for (let n = 0; n < TRIES && most > limit; n++) {
    most = await measure(graph.page, what, act);
    if (most > limit) limit = Math.max(limit, TIMES_BLANK * (await blank(graph)));
  }
  await holds(`${what} is answered within ${ANSWER_MS} ms`, async () => most <= limit, 0);
}

/** What this machine takes, at this time, to answer on a page without anything. */
async function blank(graph) {
  const page = await graph.page.context().newPage();
  await page.goto(`${graph.address}api/experiments`);
  await page.evaluate(WATCH);
  const most = await measure(page, "a blank page", async () => {
    for (let i = 0; i < 41; i++) await page.mouse.move(300 + 10 * i, 300);
  });
  await page.close();
  await graph.page.bringToFront();
  return most;
}

/** Within how many milliseconds 95 % of the inputs were answered. */
async function measure(page, what, act) {
  await page.evaluate(() => {
    globalThis.answers = [];
    globalThis.tasks = [];
  });
  await act();
  await page.waitForTimeout(300);
  const { answers, tasks } = await page.evaluate(() => ({
    answers: globalThis.answers,
    tasks: globalThis.tasks,
  }));
  const sorted = answers.map(([, ms]) => ms).sort((a, b) => a - b);
  const at = (share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
  const [half, most, all] = [at(0.5), at(0.95), sorted.at(-1)].map((ms) => ms ?? Infinity);
  const long = Math.max(0, ...tasks);
  console.log(
    `        ${what}: ${sorted.length} inputs, median ${half.toFixed(0)} ms, 95 % within ${most.toFixed(0)} ms, all within ${all.toFixed(0)} ms, longest task ${long.toFixed(0)} ms`,
  );
  return most;
}

/** A thousand peers: how many pictures a second are shown and painted while a hand moves them. */
async function thousand(graph, make) {
  const run = make("flood", "--peers", "1000", "--messages", "1 if peerid <= 20 else 0");
  await graph.open(run);
  await holds("a thousand peers are drawn", async () => (await graph.drawn("peers")) === 1000);
  await graph.page.waitForTimeout(1500);
  const counts = await graph.page.evaluate(async () => {
    const stage = globalThis.rumormillGraph;
    const before = stage.painted_count;
    let shown = 0;
    const began = performance.now();
    while (performance.now() - began < 2000) {
      stage.pan(Math.cos(shown / 9) * 3, Math.sin(shown / 9) * 3);
      await new Promise(requestAnimationFrame);
      shown += 1;
    }
    return { shown: shown / 2, painted: (stage.painted_count - before) / 2 };
  });
  console.log(
    `        1,000 peers: ${counts.shown.toFixed(0)} pictures a second shown, ${counts.painted.toFixed(0)} of them painted anew`,
  );
  await holds("a thousand peers move smoothly", async () => counts.shown >= 30, 0);
  await graph.picture("graph-thousand");
}

/** Hovers, pans, zooms, clicks and changes views while ten thousand peers settle. */
export async function large(graph, _world, _events, make) {
  await thousand(graph, make);
  const name = make(
    "flood",
    "--peers",
    String(PEERS),
    "--messages",
    "1 if peerid <= 2 else 0",
    "--set",
    "degree=10",
  );
  const answer = await graph.page.request.get(`${graph.address}api/runs/${name}`);
  const { hello, frames, links } = wordsOf(eventsOf(name), await answer.json());
  await graph.page.routeWebSocket(/\/live$/, async (socket) => {
    socket.send(JSON.stringify(hello));
    for (const frame of frames) {
      await new Promise((done) => setTimeout(done, 50));
      socket.send(JSON.stringify(frame));
    }
  });
  const open = async () => {
    await graph.open(name, "?layout=force");
    await graph.page.evaluate(WATCH);
  };
  await open();
  const box = await graph.page.locator(".picture").first().boundingBox();
  const [cx, cy] = [box.x + box.width / 2, box.y + box.height / 2];
  const sweep = async (down) => {
    await graph.page.mouse.move(cx - 200, cy - 100);
    if (down) {
      await graph.page.keyboard.down("Alt");
      await graph.page.mouse.down();
    }
    for (let i = 0; i < 40; i++)
      await graph.page.mouse.move(cx - 200 + 10 * i, cy - 100 + 60 * Math.sin(i / 6));
    if (down) {
      await graph.page.mouse.up();
      await graph.page.keyboard.up("Alt");
    }
  };
  await measured(graph, "hovering while links come in and forces work", async () => {
    await open();
    await graph.page.waitForFunction(() => globalThis.rumormillGraph?.painted_count > 0);
    await sweep(false);
  });
  await holds(`all ${links.toLocaleString("en-US")} links are known`, async () => {
    return (await graph.drawn("edges-known")) === links;
  });
  await measured(graph, "hovering over a hundred thousand links", () => sweep(false));
  await measured(graph, "dragging", () => sweep(true));
  await measured(graph, "zooming", async () => {
    for (let i = 0; i < 12; i++) {
      await graph.page.mouse.wheel(0, i < 6 ? -100 : 100);
      await graph.page.waitForTimeout(60);
    }
  });
  await measured(graph, "clicking", async () => {
    for (let i = 0; i < 5; i++) await graph.page.mouse.click(cx - 60 + 30 * i, cy + 10 * i);
  });
  await measured(graph, "changing views", async () => {
    for (const key of ["5", "1", "5", "1"]) {
      await graph.page.keyboard.press(key);
      await graph.page.waitForTimeout(250);
    }
  });
  await graph.click("layout-ring");
  await graph.page.keyboard.press("f");
  await holds("in rest, every link is drawn", async () => {
    return (await graph.drawn("edges-drawn")) === links;
  });
  await graph.picture("graph-ten-thousand");
  await graph.page.unrouteAll();
}
