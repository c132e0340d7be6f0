// The replicas of a store in a real browser against a real lab: bars are compared with what the run's
// recording tells, at its end and at moments of its past; and a rating is followed by hand.
//
// RUMORMILL_URL  the address that the lab printed, with its token
// RUNS           the folder where this lab records
// RUMORMILL_BIN  the command line, to read the recordings
// SCREENSHOTS    a folder for pictures; none are taken without it

import { finish, holds, id } from "./steps.mjs";
import { simulate } from "./truth.mjs";
import { visit } from "./visit.mjs";

const HELD = "replica timestamp ";
const EXECUTED = "value timestamp ";

async function open(lab, run, query = "") {
  await lab.page.evaluate((hash) => {
    location.hash = hash;
  }, `#/run/${run.id}/replicas${query}`);
}

/** What each peer had measured last at a moment, by name. */
function measuredAt(trace, t) {
  const of = new Map();
  for (const event of trace) {
    if (event.ns > Math.round(t * 1e9)) continue;
    if (event.kind === "started" || event.kind === "restarted") of.set(event.peer, new Map());
    if (event.kind === "measured") of.get(event.peer).set(event.name, event.value);
  }
  return of;
}

/** The lines of all replicas, in the order of the page. */
function linesOf(trace) {
  const names = trace.filter((e) => e.kind === "measured").map((e) => e.name);
  const slots = names.flatMap((name) =>
    [HELD, EXECUTED].filter((prefix) => name.startsWith(prefix)).map((p) => name.slice(p.length)),
  );
  const order = (slot) => (slot === "F" ? Number.POSITIVE_INFINITY : Number(slot.split(".")[0]));
  return [...new Set(slots)].sort((a, b) => order(a) - order(b) || (a < b ? -1 : 1));
}

/** The rows that the page should show, at a moment; lines that nobody has yet, or that have ended, are not shown. */
function rowsAt(trace, t) {
  const now = measuredAt(trace, t);
  const all = [...now.values()];
  const slots = linesOf(trace).filter(
    (slot) =>
      all.some((m) => m.get(HELD + slot) > 0 || m.get(EXECUTED + slot) > 0) &&
      !all.some((m) => m.get(HELD + slot) === 0),
  );
  const replicas = [...now].filter(([, measured]) => measured.has("log"));
  return replicas.map(([peer, measured]) => ({
    peer,
    held: slots.map((slot) => measured.get(HELD + slot) ?? 0).join(),
    executed: slots.map((slot) => measured.get(EXECUTED + slot) ?? 0).join(),
    log: String(measured.get("log")),
    calls: String(measured.get("calls")),
  }));
}

const shown = (lab) =>
  lab.page.locator(".replica-row").evaluateAll((rows) =>
    rows.map(({ dataset }) => {
      const { testid, held, executed, log, calls } = dataset;
      return { peer: Number(testid.replace("replica-", "")), held, executed, log, calls };
    }),
  );

async function agrees(lab, trace, t) {
  const truth = rowsAt(trace, t).sort((a, b) => a.peer - b.peer);
  return truth.length > 0 && JSON.stringify(await shown(lab)) === JSON.stringify(truth);
}

/** The bars are those of the recording, at its end and before. */
async function draws(lab, run) {
  await open(lab, run);
  await holds("at the end, every bar is the recording's", () =>
    agrees(lab, run.trace, Number.MAX_SAFE_INTEGER / 1e9),
  );
  await holds("the sentence says that all have executed all", () =>
    lab.is("replicas-words", /\d+ updates, executed at all 3 replicas/),
  );
  await lab.picture("replicas-end");
  const moments = run.trace.filter((e) => e.kind === "measured" && e.name.startsWith(HELD));
  for (const share of [0.15, 0.4, 0.65, 0.9]) {
    const { t } = moments[Math.floor(moments.length * share)];
    await open(lab, run, `?t=${t}`);
    await holds(`so it is at ${t.toFixed(6)} s`, () => agrees(lab, run.trace, t));
  }
  await lab.picture("replicas-past");
}

/** An update is at one server, and not yet at another; then it is. */
async function travels(lab, run) {
  const { trace } = run;
  const taken = trace.filter((e) => e.kind === "measured" && e.name === `${HELD}1`);
  const first = taken.find((e) => e.peer === 1 && e.value === 1);
  const last = ["2", "3"].map((peer) => taken.find((e) => String(e.peer) === peer && e.value >= 1));
  const there = Math.max(...last.map((e) => e.t));
  const bar = (peer) => lab.page.locator(`${id(`replica-${peer}`)} .replica-bar`).first();
  const width = (peer, part) =>
    bar(peer).evaluate((at, part) => {
      const of = at.querySelector(`.${part}`).getBoundingClientRect().width;
      return of / at.getBoundingClientRect().width;
    }, part);
  await open(lab, run, `?t=${first.t}`);
  await holds("the first update is at replica 1 alone", async () => {
    const full = [await width(1, "executed"), await width(2, "held"), await width(3, "held")];
    return full[0] > 0.99 && full[1] < 0.01 && full[2] < 0.01;
  });
  await holds("the sentence names those who lack it", () =>
    lab.is("replicas-words", /replica 2 lacks 1; replica 3 lacks [12]/),
  );
  await holds("a screen reader hears it, too", async () =>
    /Replica 2, updates taken by 1: holds none of 1/.test(await bar(2).getAttribute("aria-label")),
  );
  await lab.picture("replicas-travels");
  await open(lab, run, `?t=${there}`);
  await holds(`at ${there.toFixed(6)} s it is everywhere`, async () => {
    const rows = await shown(lab);
    return rows.length === 3 && rows.every(({ held }) => Number(held.split(",")[0]) >= 1);
  });
}

/** A replica that is clicked is in the inspector; the keyboard does it, too. */
async function selects(lab, run) {
  await open(lab, run);
  await lab.page
    .locator(`${id("replica-2")} .replica-bar`)
    .first()
    .click();
  await holds("a bar's click selects its replica", async () => /peer=2/.test(lab.page.url()));
  await lab.page.locator(`${id("replica-3")} button`).focus();
  await lab.page.keyboard.press("Enter");
  await holds("so does Enter on its name", async () => /peer=3/.test(lab.page.url()));
  await lab.picture("replicas-selected");
  await lab.page.keyboard.press("6");
  await lab.page.keyboard.press("7");
  await holds("7 is the key of the view", async () => /\/replicas/.test(lab.page.url()));
  await lab.click("follow-update");
  await holds("updates are found in the space-time diagram", async () => {
    const url = new URL(lab.page.url());
    const found = await lab.page.locator(id("found")).textContent();
    return /spacetime\?.*find=sent\+update/.test(url.hash) && /update/.test(found);
  });
  await lab.picture("replicas-follow");
}

/** Replicas that crashed or are paused are marked, and keep what they told. */
async function breaks(lab, run) {
  const at = async (t, peer, status) => {
    await open(lab, run, `?t=${t}`);
    await holds(
      `at ${t} s replica ${peer} is ${status}`,
      async () =>
        (await lab.attribute(`replica-${peer}`, "status")) === status &&
        (await lab.text(`replica-${peer}`)).includes(status),
    );
  };
  await at(2.5, 2, "crashed");
  await holds("what it held is still shown", () => agrees(lab, run.trace, 2.5));
  await lab.picture("replicas-crashed");
  await at(8.5, 3, "paused");
  await at(12, 2, "up");
}

/** A rating goes from server to server, by hand, in a run that goes on. */
async function asks(lab) {
  const run = await lab.page.evaluate(
    async (order) => {
      const init = { method: "POST", headers: { "Content-Type": "application/json" } };
      return (await (await fetch("/api/runs", { ...init, body: JSON.stringify(order) })).json())
        .run;
    },
    {
      experiment: "store-ratings",
      values: { gossip_every: "5s" },
      as: "sim",
      seed: 5,
      speed: "1",
      record: true,
    },
  );
  await open(lab, { id: run });
  await holds("a live run shows its replicas", async () => (await shown(lab)).length === 3);
  const ask = async (peer, text) => {
    await lab.page.selectOption(id("asking-peer"), String(peer));
    await lab.fill("asking-text", text);
    await lab.click("asking-apply");
  };
  await ask(4, "set x 5");
  const first = (of) => Number(of.held.split(",")[0]);
  await holds("an update typed at a front end is at its server first", async () => {
    const [one, two] = await shown(lab);
    return first(one) >= 1 && (first(two) || 0) < first(one);
  });
  await ask(5, "get x");
  await holds("the other front end's server does not know it yet", () =>
    lab.is("answers", /peer 5 says nothing/),
  );
  await lab.picture("replicas-asked");
  await holds("then it is everywhere", async () => {
    const rows = await shown(lab);
    return rows.length === 3 && rows.every((row) => first(row) >= 1);
  });
  await ask(5, "get x");
  await holds("and the other front end says so", () => lab.is("answers", /peer 5 says "5"/));
  await ask(3, "offline");
  await holds(
    "a replica that is told to go offline says so",
    async () =>
      (await lab.attribute("replica-3", "service")) === "offline" &&
      (await lab.is("replica-3", /offline/)),
  );
  await lab.picture("replicas-offline");
}

/** A run without a store has no such view, and its address says why. */
async function says(lab, run) {
  await lab.page.evaluate((hash) => {
    location.hash = hash;
  }, `#/run/${run.id}/graph`);
  await holds("a flood offers no replicas", async () => {
    const tabs = await lab.page.locator(".views .tab").allTextContents();
    return tabs.includes("Log") && !tabs.includes("Replicas");
  });
  await open(lab, run);
  await holds("their address says that there are none", () => lab.is("no-replicas", /No peer of/));
}

async function main() {
  await visit(async (lab) => {
    const store = await simulate(lab, "store", { calls: 20, gossip_every: "700ms" }, 3);
    const faults = await simulate(lab, "store-faults", { calls: 60 }, 3);
    const flood = await simulate(lab, "flood", { peers: 5 }, 3);
    for (const part of [draws, travels, selects]) await part(lab, store);
    await breaks(lab, faults);
    await asks(lab);
    await says(lab, flood);
    await lab.page.emulateMedia({ colorScheme: "dark" });
    await lab.page.setViewportSize({ width: 1920, height: 1080 });
    await open(lab, faults, "?t=5.5&peer=2");
    await holds("so it is in the dark", () => agrees(lab, faults.trace, 5.5));
    await lab.picture("replicas-1920-dark");
  });
}

await finish(main);
