// A store of real servers in a real browser against a real lab: it is found, its bars are what its front end
// tells, replicas are switched and killed, come and go, and the store goes and comes back.
//
// RUMORMILL_URL  the address that the lab printed, with its token
// RUMORMILL_BIN  the command line, to start the store with
// SCREENSHOTS    a folder for pictures; none are taken without it

import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { finish, holds, id } from "./steps.mjs";
import { visit } from "./visit.mjs";

const wait = (ms) => new Promise((done) => setTimeout(done, ms));

/** A store of three replicas and a spare, kept in a folder, so that it comes back where it was. */
class Store {
  constructor(folder) {
    this.folder = folder;
  }

  async up() {
    const bin = process.env.RUMORMILL_BIN;
    if (!bin) throw new Error("set RUMORMILL_BIN to the command line");
    const args = [
      "store",
      "up",
      "--json",
      "--dir",
      this.folder,
      "--replicas",
      "3",
      "--spares",
      "1",
    ];
    this.process = spawn(bin, args, { stdio: ["ignore", "pipe", "ignore"] });
    this.ended = new Promise((done) => this.process.on("close", done));
    for await (const line of createInterface({ input: this.process.stdout })) {
      this.line = JSON.parse(line);
      this.address = this.line.front_ends[0].http;
      return;
    }
    throw new Error("the store did not come up");
  }

  async stop() {
    this.process.kill("SIGCONT");
    this.process.kill("SIGINT");
    await this.ended;
  }

  async ask(method, path, body) {
    const answer = await fetch(`http://${this.address}${path}`, {
      method,
      body: body === undefined ? null : JSON.stringify(body),
    });
    return answer.json();
  }

  /** How far its replicas are, as its front end says; without spares. */
  async replicas() {
    const { replicas } = await this.ask("GET", "/v1/replicas");
    return replicas.filter(({ member }) => member);
  }

  /** Takes a replica in, or lets one go. */
  async member(replica, member) {
    return this.ask("PUT", `/v1/replicas/${replica}/member`, { member });
  }

  async write(count, name) {
    for (let i = 0; i < count; i++)
      await this.ask("PUT", `/v1/keys/${name}-${i}`, { value: String(i) });
  }
}

const sum = (text) => text.split(",").reduce((total, part) => total + Number(part), 0);

/** The rows of the page: how far, and how each replica is; without spares. */
const shown = (lab) =>
  lab.page
    .locator("tbody:not(.spares) > [data-testid^=replica-].store-row")
    .evaluateAll((rows) => rows.map(({ dataset }) => ({ ...dataset })));

/** The spares of the page. */
const spares = (lab) =>
  lab.page
    .locator(".spares > .store-row")
    .evaluateAll((rows) => rows.map(({ dataset, textContent }) => [dataset.testid, textContent]));

/** What the page should show, from what the front end tells. */
function truth(replicas) {
  const slot = (line) => `${line.replica ?? "F"}.${line.incarnation}`;
  const lines = replicas.flatMap(({ lines }) => lines).filter(({ held }) => held > 0);
  const slots = [...new Set(lines.map(slot))].sort();
  return replicas.map(({ replica, lines, service }) => {
    const of = (key) => slots.map((s) => lines.find((line) => slot(line) === s)?.[key] ?? 0).join();
    return { testid: `replica-${replica}`, service, held: of("held"), executed: of("executed") };
  });
}

async function agrees(lab, store) {
  const wanted = truth(await store.replicas());
  const rows = (await shown(lab)).map(({ testid, service, held, executed }) => ({
    ...{ testid, service, held, executed },
  }));
  return JSON.stringify(rows) === JSON.stringify(wanted);
}

/** It is in the list without anybody having typed an address. */
async function found(lab, store) {
  const entry = id(`store-${store.address}`);
  await holds("the store is found", async () => {
    await lab.click("tab-stores");
    return lab.page.locator(entry).isVisible();
  });
  await lab.page.click(entry);
  await holds("its view has an address of its own", async () =>
    lab.page.url().endsWith(`#/store/${store.address}`),
  );
  await holds("it has a row for each replica, and all are online", async () => {
    const rows = await shown(lab);
    return rows.length === 3 && rows.every(({ standing }) => standing === "online");
  });
  await holds("the document is called after it", async () =>
    (await lab.page.title()).includes(store.address),
  );
  await holds("an empty store says what to type", () =>
    lab.is("store-words", /No replica holds an update yet\..*curl -X PUT http:\/\/127/),
  );
  await holds("the spare serves nobody, and says how it would", async () => {
    const [[name, words] = [], ...more] = await spares(lab);
    return (
      more.length === 0 &&
      name === "replica-5" &&
      /spare.*holds nothing until it is added: rumormill store add 5/.test(words) &&
      (await lab.page.locator(`${id(name)} button`).count()) === 0
    );
  });
  await lab.picture("store-empty");
}

/** A spare is taken in, and a replica let go. */
async function comesAndGoes(lab, store) {
  await store.member(5, true);
  await holds("a spare that is added is a replica as the others", async () => {
    const rows = await shown(lab);
    return rows.length === 4 && rows.every(({ standing }) => standing === "online");
  });
  await holds("and has what they have", () => agrees(lab, store));
  await holds("there is no spare then", async () => (await spares(lab)).length === 0);
  await holds("who hears the page is told", () =>
    lab.is("store-changes", /Replica 5 is (online|catching up)\./),
  );
  await store.member(2, false);
  await holds("one that is let go is a spare", async () => {
    const [[name] = []] = await spares(lab);
    return name === "replica-2" && (await shown(lab)).length === 3;
  });
  await holds("nobody waits for it", () => lab.is("store-words", /executed at all 3 replicas\./));
  await lab.picture("store-let-go");
  await store.member(2, true);
  await store.member(5, false);
  await holds("they may come back", async () => {
    const [[name] = []] = await spares(lab);
    return name === "replica-5" && (await agrees(lab, store));
  });
}

/** What is written through the front end is seen, and counted. */
async function grows(lab, store) {
  await store.write(25, "few");
  await holds("the bars are what the front end tells", async () => {
    const rows = await shown(lab);
    return rows.length === 3 && rows.every((row) => sum(row.executed) === 25);
  });
  await holds("line by line", () => agrees(lab, store));
  await holds("the sentence says so", () =>
    lab.is("store-words", /^25 updates, executed at all 3 replicas\./),
  );
  const full = lab.page.locator(`${id("replica-2")} .replica-bar .executed`).first();
  await holds("the bar of a replica that has all is full", async () => {
    const [of, whole] = await full.evaluate((at) => [
      at.getBoundingClientRect().width,
      at.parentElement.getBoundingClientRect().width,
    ]);
    return of > 0.99 * whole;
  });
  const rate = async (replica, counter) => {
    const at = lab.page.locator(`${id(`traffic-${replica}`)} [data-counter=${counter}]`);
    return Number(await at.getAttribute("data-rate"));
  };
  let writing = true;
  const writer = (async () => {
    while (writing) {
      await store.write(5, "load");
      await store.ask("GET", "/v1/keys/load-1");
      await wait(20);
    }
  })();
  await holds("updates a second are counted at every replica", async () => {
    const rates = await Promise.all([1, 2, 3].map((one) => rate(one, "executed")));
    return rates.every((one) => one > 10);
  });
  await holds("gossip too", async () => {
    const rates = [await rate(1, "gossip_sent"), await rate(3, "gossip_received")];
    return rates.every((one) => one > 1);
  });
  await holds("and queries at the one that answers them", async () => {
    const rates = await Promise.all([1, 2, 3].map((one) => rate(one, "queries")));
    return rates.some((one) => one > 1);
  });
  await wait(4000);
  await holds("the line of the last minutes has points", async () => {
    const line = lab.page.locator(`${id("traffic-1")} [data-counter=executed] .spark-line`);
    return ((await line.first().getAttribute("d")).match(/L/g) ?? []).length >= 4;
  });
  await lab.picture("store-load");
  writing = false;
  await writer;
}

/** A replica is switched by the page, with the mouse and with the keyboard. */
async function switches(lab, store) {
  const service = async (replica) =>
    (await store.replicas()).find((one) => one.replica === replica).service;
  await lab.click("replica-2-offline");
  await holds("the replica says that it is offline", async () => (await service(2)) === "offline");
  await holds("and so does the page", async () => {
    const pressed = lab.page.locator(id("replica-2-offline"));
    return (
      (await lab.attribute("replica-2", "standing")) === "offline" &&
      (await pressed.getAttribute("aria-pressed")) === "true"
    );
  });
  await holds("who hears the page is told", () =>
    lab.is("store-changes", /Replica 2 is offline\./),
  );
  await lab.picture("store-offline");
  await lab.page.locator(id("replica-2-overloaded")).focus();
  await lab.page.keyboard.press("Enter");
  await holds("the keyboard does it too", async () => (await service(2)) === "overloaded");
  await lab.click("replica-2-online");
  await holds("and back", async () => (await service(2)) === "online");
  await lab.click("gossip-1");
  await holds("a replica gossips when asked", () => lab.is("toast", /Replica 1 has told/));
}

/** A replica's process is killed, while nobody starts it again for a moment. */
async function kills(lab, store) {
  const [before] = (await shown(lab)).filter(({ testid }) => testid === "replica-3");
  store.process.kill("SIGSTOP");
  process.kill(store.line.replicas[2].pid, "SIGKILL");
  await holds(
    "a killed replica is not reached",
    async () =>
      (await lab.attribute("replica-3", "standing")) === "not reached" &&
      (await lab.is("replica-3", /not reached.*last/)),
  );
  await holds("what it told last is still there", async () => {
    const [now] = (await shown(lab)).filter(({ testid }) => testid === "replica-3");
    return sum(now.executed) >= sum(before.executed);
  });
  await store.write(30, "without");
  await holds("the others go on, and it lacks what they have", async () => {
    const [one, , three] = await shown(lab);
    return sum(one.executed) === sum(three.executed) + 30;
  });
  await holds("the sentence says how much", () => lab.is("store-words", /replica 3 lacks 30/));
  await holds("nobody can switch it now", () =>
    lab.page.locator(id("replica-3-offline")).isDisabled(),
  );
  await lab.picture("store-killed");
  store.process.kill("SIGCONT");
  await holds("it is back, and catches up", async () => {
    const rows = await shown(lab);
    return rows.every(({ standing }) => standing === "online") && (await agrees(lab, store));
  });
  await holds("the page says that it was started again", () =>
    lab.is("replica-3", /started again/),
  );
  await lab.picture("store-back");
}

/** Nobody is asked while nobody looks. */
async function rests(lab) {
  let asked = 0;
  const count = (request) => {
    if (/\/api\/stores\/./.test(request.url())) asked += 1;
  };
  const hide = (hidden) =>
    lab.page.evaluate((hidden) => {
      Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
      document.dispatchEvent(new Event("visibilitychange"));
    }, hidden);
  await hide(true);
  await wait(1500);
  lab.page.on("request", count);
  await wait(2500);
  await holds("a hidden page asks nothing", async () => asked === 0, 0);
  await hide(false);
  await holds("one that is seen again does", async () => asked > 0);
  lab.page.off("request", count);
}

/** The store ends, and is started again. */
async function returns(lab, store) {
  await store.stop();
  await holds(
    "a store that is gone is said to be gone",
    async () =>
      (await lab.is("store-away", /The store does not answer.*how it was/)) &&
      (await lab.attribute("store", "answers")) === "false",
  );
  await holds("and is no longer listed", async () => {
    await lab.click("tab-stores");
    return (await lab.page.locator(id(`store-${store.address}`)).count()) === 0;
  });
  await lab.picture("store-gone");
  const { address } = store;
  await store.up();
  await holds("it comes back where it was", async () => store.address === address);
  await holds(
    "the page goes on by itself",
    async () => (await lab.attribute("store", "answers")) === "true" && (await agrees(lab, store)),
  );
}

/** An address by hand: one that is a store's, one that is nobody's, one that is elsewhere. */
async function named(lab, store) {
  const address = `127.0.0.1:${Number(store.address.split(":")[1]) === 9 ? 10 : 9}`;
  await lab.click("watch-store");
  await lab.fill("watch-address", "http://10.0.0.1:8080");
  await lab.click("watch-start");
  await holds("one elsewhere is refused with a reason", () =>
    lab.is("watch-error", /not on this machine.*ssh -L/),
  );
  await lab.picture("store-refused");
  await lab.fill("watch-address", `http://${address}/`);
  await lab.page.keyboard.press("Enter");
  await holds("one where nobody listens is waited for", () =>
    lab.is("store-away", new RegExp(`No store answers at ${address}`)),
  );
  await holds("it stands in the list", () => lab.seen(`store-${address}`));
  await lab.picture("store-nobody");
  await lab.click(`forget-${address}`);
  await holds("until it is let go of", async () => {
    return (await lab.page.locator(id(`store-${address}`)).count()) === 0;
  });
  await lab.page.evaluate(() => {
    location.hash = "#/store/evil.example:80";
  });
  await holds("an address that is none says what one looks like", async () =>
    /http:\/\/127\.0\.0\.1:40123/.test(await lab.page.locator(".centre").textContent()),
  );
}

/** It is fit to be seen in the dark, on a wide and on a narrow screen. */
async function looks(lab, store) {
  const { page } = lab;
  await page.evaluate((address) => {
    location.hash = `#/store/${address}`;
  }, store.address);
  await holds("the store is there", async () => (await shown(lab)).length === 3);
  const width = () => page.locator(`${id("replica-1")} .segments`).evaluate((at) => at.offsetWidth);
  const before = await width();
  await lab.click("replica-1-offline");
  await holds(
    "it is offline",
    async () => (await lab.attribute("replica-1", "standing")) === "offline",
  );
  await holds("its switch is as wide as before", async () => (await width()) === before);
  await store.write(40, "look");
  await wait(4000);
  const wide = () =>
    page.locator(id("store-stage")).evaluate((at) => at.scrollWidth <= at.clientWidth + 1);
  for (const [width, height] of [
    [1920, 1080],
    [1280, 720],
    [900, 700],
    [400, 800],
  ])
    for (const colorScheme of ["light", "dark"]) {
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize({ width, height });
      await holds(`nothing is cut off at ${width} in the ${colorScheme}`, wide);
      await wait(300);
      await lab.picture(`store-${width}-${colorScheme}`);
    }
  await holds("a narrow page folds its panel", async () => !(await lab.seen("tab-stores")));
  await page.getByLabel("Show the left panel").click();
  await holds("which opens over it", () => lab.seen(`store-${store.address}`));
  await page.click(id(`store-${store.address}`));
  await page.evaluate(() => {
    location.hash = "#/store/127.0.0.1:9";
  });
  await holds("until something is chosen", async () => !(await lab.seen("tab-stores")));
  await page.setViewportSize({ width: 1280, height: 720 });
  await holds("a wide page has it again", () => lab.seen("tab-stores"));
  await page.evaluate((address) => {
    location.hash = `#/store/${address}`;
  }, store.address);
  await lab.click("replica-1-online");
}

async function main() {
  const folder = mkdtempSync(join(tmpdir(), "rumormill-store-"));
  const store = new Store(join(folder, "shop"));
  await store.up();
  try {
    await visit(
      async (lab) => {
        for (const part of [found, grows, switches, kills, comesAndGoes]) await part(lab, store);
        for (const part of [rests, returns, looks, named]) await part(lab, store);
      },
      { refused: true },
    );
  } finally {
    await store.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

await finish(main);
