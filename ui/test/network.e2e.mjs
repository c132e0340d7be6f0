// What the page says of the network, against what truly happened on it: how fresh links are after a jump, who
// is on which side of a partition that the seed drew, which links are cut or worse, how long messages took.
//
// RUMORMILL_URL, RUMORMILL_BIN, RUNS, SCREENSHOTS: see e2e.mjs

import { restingCursor } from "./runs.mjs";
import { finish, holds, id } from "./steps.mjs";
import { messages, record } from "./truth.mjs";
import { visit } from "./visit.mjs";

/** A partition from 1 s to 3 s, a cut and worse links from 3 s to 5 s. Peers compare what they have all the time. */
const WEATHER = `experiment(
    title = "Weather",
    about = "Drawn sides, then a cut and links that lose and delay.",
    protocol = "flood",
    parameters = [
        count("peers", 12, min = 12, help = "Number of peers"),
        expression("messages", "3", variables = ["peerid"], help = "Messages"),
        span("sync_every", "60ms", help = "How often peers compare"),
    ],
    network = latency(uniform = ("5ms", "50ms")),
    faults = [
        at("1s", partition(random_peers(4, draw = 3), random_peers(3, draw = 1))),
        at("3s", heal()),
        at("3s", cut(peers(1, 9), peers(4), both = True)),
        at("3s", link(peers(3), all_peers(), loss(0.3) + delay("40ms"))),
        at("5s", heal()),
        at("5s", conditions(loss(0.2))),
    ],
    stop = time_limit("6s"),
)
`;

/** Two peers that talk now and then, so that links grow old. */
const QUIET = `experiment(
    title = "Quiet",
    about = "Four peers that compare now and then.",
    protocol = "flood",
    parameters = [
        count("peers", 4, min = 4, help = "Number of peers"),
        expression("messages", "2", variables = ["peerid"], help = "Messages"),
        span("sync_every", "2s", help = "How often peers compare"),
    ],
    network = latency(constant = "20ms"),
    stop = time_limit("12s"),
)
`;

const CUT = "the network is cut here";

let opened = 0;

/** Opens a run at a moment; another search part makes it a page of its own. */
async function open(lab, run, view, query) {
  opened += 1;
  const [base] = lab.page.url().split("?");
  await lab.page.goto(`${base}?tour=off&page=${opened}#/run/${run.id}/${view}?${query}`);
  await lab.page.waitForSelector(id("cursor"));
  await restingCursor(lab.page);
}

/** What is seen at these places of the page: [red, green, blue] each. */
async function colorsAt(page, places) {
  const png = (await page.screenshot({ scale: "css" })).toString("base64");
  return page.evaluate(
    async ([png, places]) => {
      const bytes = Uint8Array.from(atob(png), (letter) => letter.charCodeAt(0));
      const seen = await createImageBitmap(new Blob([bytes], { type: "image/png" }));
      const copy = new OffscreenCanvas(seen.width, seen.height).getContext("2d");
      copy.drawImage(seen, 0, 0);
      return places.map(([x, y]) => [
        ...copy.getImageData(Math.round(x), Math.round(y), 1, 1).data.slice(0, 3),
      ]);
    },
    [png, places],
  );
}

/** Where a peer's disc is on the page, and its radius. */
const spot = (page, peer) =>
  page.evaluate((of) => {
    const stage = globalThis.rumormillGraph;
    const box = document.querySelector(".picture").getBoundingClientRect();
    const index = stage.indexOf(of);
    const [x, y] = stage.at(index);
    return [x + box.left, y + box.top, stage.radius(index)];
  }, peer);

const distance = (a, b) => Math.hypot(...a.map((channel, i) => channel - b[i]));

/** When each link last had a message, up to a moment: "from-to" to seconds. */
function lastOf(trace, t) {
  const last = new Map();
  for (const event of trace)
    if (event.kind === "sent" && event.other !== event.peer && event.t <= t)
      last.set(`${event.peer}-${event.other}`, event.t);
  return last;
}

/** How strongly a link is drawn near its sender: how far its darkest pixel there is from the paper. */
async function strength(page, from, to) {
  const [a, b] = [await spot(page, from), await spot(page, to)];
  const paper = await page.evaluate(() => {
    const hex = getComputedStyle(document.documentElement).getPropertyValue("--paper").trim();
    return [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16));
  });
  const along = (share) => [a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share];
  const [x, y] = along(0.3);
  // The link bows to its right; the way back bows to the other side.
  const reach = Math.hypot(b[0] - a[0], b[1] - a[1]);
  const right = [-(b[1] - a[1]) / reach, (b[0] - a[0]) / reach];
  const aside = Array.from({ length: 40 }, (_, i) => (i / 40) * 0.09 * reach);
  const colors = await colorsAt(
    page,
    aside.map((d) => [x + right[0] * d, y + right[1] * d]),
  );
  return Math.max(...colors.map((color) => distance(color, paper)));
}

/** After a jump, a link is as faded as its last message is old. */
async function fades(lab, run) {
  const { trace } = run;
  // A moment at which one link is fresh and another one long quiet, both on the rim of the ring.
  const rim = ["1-2", "2-3", "3-4", "4-1"];
  const moments = trace.filter((e) => e.kind === "sent" && e.t > 3).map((e) => e.t + 0.05);
  const found = moments
    .map((t) => {
      const ages = rim.map((link) => [link, t - (lastOf(trace, t).get(link) ?? t)]);
      ages.sort((x, y) => x[1] - y[1]);
      return { t, fresh: ages[0], old: ages.at(-1) };
    })
    .find(({ fresh, old }) => fresh[1] > 0 && fresh[1] < 0.3 && old[1] > 2.5);
  await open(lab, run, "graph", `t=${found.t}`);
  const now = (await restingCursor(lab.page)).t;
  await holds(`${found.fresh[0]} is drawn stronger than ${found.old[0]}`, async () => {
    const strong = await strength(lab.page, ...found.fresh[0].split("-").map(Number));
    const weak = await strength(lab.page, ...found.old[0].split("-").map(Number));
    return strong > 1.8 * weak && weak > 3;
  });
  await lab.picture("network-fades");
  for (const link of [found.fresh[0], found.old[0]]) {
    await open(lab, run, "graph", `t=${found.t}&link=${link}`);
    const truth = lastOf(trace, now).get(link);
    await holds(`the link ${link} had its last message at ${truth} s`, async () => {
      const last = await lab.number("direction", "last");
      return Math.abs(last - truth) < 2e-6;
    });
  }
}

/** The ground under each peer has its side's tint: messages reach those of the same tint, and no others. */
async function tints(lab, run) {
  const { page } = lab;
  await open(lab, run, "graph", "t=2.9");
  await holds("the words tell the drawn sides", async () => {
    const sides = (await lab.text("graph-sides")) ?? "";
    const counts = [...sides.matchAll(/(\d+) peers?/g)].map((match) => Number(match[1]));
    return counts.length === 3 && counts[0] === 4 && counts.reduce((a, b) => a + b) === 12;
  });
  const tint = async (peer) => {
    const [x, y, radius] = await spot(page, peer);
    const around = Array.from({ length: 48 }, (_, i) => (i / 48) * 2 * Math.PI);
    const ring = around.map((turn) => [
      x + 1.7 * radius * Math.cos(turn),
      y + 1.7 * radius * Math.sin(turn),
    ]);
    // Links cross the ground here and there: most of it is bare.
    const counts = new Map();
    for (const color of await colorsAt(page, ring))
      counts.set(String(color), (counts.get(String(color)) ?? 0) + 1);
    return [...counts].sort((a, b) => b[1] - a[1])[0][0];
  };
  const tints = new Map();
  for (let peer = 1; peer <= 12; peer++) tints.set(peer, await tint(peer));
  const within = messages(run.trace).filter(([sent]) => sent.t > 1 && sent.t < 3);
  const [passed, lost] = [
    within.filter(([, end]) => end?.kind === "delivered"),
    within.filter(([, end]) => end?.text === CUT),
  ];
  await holds("there are three tints", async () => new Set(tints.values()).size === 3);
  await holds(`the ${passed.length} messages that passed stayed within a tint`, async () => {
    const stays = ([sent]) => tints.get(sent.peer) === tints.get(sent.other);
    return passed.length > 50 && passed.every(stays);
  });
  await holds(`the ${lost.length} that were cut off went from one to another`, async () => {
    const crosses = ([sent]) => tints.get(sent.peer) !== tints.get(sent.other);
    return lost.length > 50 && lost.every(crosses);
  });
  await lab.picture("network-sides");
}

/** Cut and worse links have their signs, and are counted in words. */
async function signs(lab, run) {
  const t = 4.9;
  await open(lab, run, "graph", `t=${t}`);
  const seen = [...lastOf(run.trace, t).keys()].map((link) => link.split("-").map(Number));
  const isCut = ([from, to]) =>
    ([1, 9].includes(from) && to === 4) || (from === 4 && [1, 9].includes(to));
  const cut = seen.filter(isCut).length;
  const worse = seen.filter((link) => link[0] === 3 && !isCut(link)).length;
  await holds(`${cut} links are cut, ${worse} worse`, async () => {
    const told = [
      await lab.number("graph-weather", "cut"),
      await lab.number("graph-weather", "worse"),
    ];
    return cut > 0 && worse > 0 && told[0] === cut && told[1] === worse;
  });
  await holds("the words say how", () => lab.is("graph-weather", /30 % loss, 40 ms slower/));
  await lab.picture("network-signs");
  await open(lab, run, "graph", "t=5.5");
  await holds("after healing, only what holds everywhere is told", async () => {
    const words = (await lab.text("graph-weather")) ?? "";
    return /Everywhere: 20 % loss/.test(words) && (await lab.number("graph-weather", "cut")) === 0;
  });
}

/** The link's panel: what holds on it now, and how long its messages took up to now. */
async function panel(lab, run) {
  const { page } = lab;
  const direction = (name, from, to) =>
    page.locator(`${id(name)}[data-from="${from}"][data-to="${to}"]`);
  const now = async (from, to) => {
    const of = direction("link-now", from, to);
    const text = await of.textContent({ timeout: 2000 });
    return { ...(await of.evaluate((at) => ({ ...at.dataset }))), text };
  };
  const [apartFrom, apartTo] = messages(run.trace)
    .filter(([sent, end]) => end?.text === CUT && sent.t < 3)
    .map(([sent]) => [sent.peer, sent.other])[0];
  await open(lab, run, "graph", `t=2.9&link=${apartFrom}-${apartTo}`);
  await holds(`${apartFrom} and ${apartTo} are apart`, async () => {
    const told = await now(apartFrom, apartTo);
    return told.apart === "true" && told.cut === "false" && /apart by a partition/.test(told.text);
  });
  await open(lab, run, "graph", "t=4.9&link=1-4");
  await holds("a cut link says so, both ways", async () => {
    return (await now(1, 4)).cut === "true" && (await now(4, 1)).cut === "true";
  });
  const heard = lastOf(run.trace, 4.9);
  const [, other] = [...heard.keys()].find((link) => link.startsWith("3-")).split("-");
  await open(lab, run, "graph", `t=4.9&link=3-${other}`);
  await holds("a worse link says how, one way", async () => {
    const [there, back] = [await now(3, other), await now(other, 3)];
    return (
      there.own === "true" && /30 % loss, 40 ms slower/.test(there.text) && back.own === "false"
    );
  });
  const { t } = await restingCursor(page);
  const took = (from, to) =>
    messages(run.trace)
      .filter(([sent, end]) => sent.peer === from && sent.other === to && end)
      .filter(([, end]) => end.kind === "delivered" && end.ns <= Math.round(t * 1e9))
      .map(([sent, end]) => (end.ns - sent.ns) / 1e9)
      .sort((a, b) => a - b);
  for (const [from, to] of [
    [3, Number(other)],
    [Number(other), 3],
  ]) {
    const truth = took(from, to);
    const middle = truth[Math.floor((truth.length - 1) / 2)];
    await holds(`${truth.length} messages took ${truth[0]} to ${truth.at(-1)} s`, async () => {
      const told = await direction("link-took", from, to).evaluate((at) => ({ ...at.dataset }));
      const near = (a, b) => Math.abs(Number(a) - b) < 1e-9;
      return (
        truth.length > 3 &&
        Number(told.measured) === truth.length &&
        near(told.least, truth[0]) &&
        near(told.median, middle) &&
        near(told.most, truth.at(-1))
      );
    });
  }
  await lab.picture("network-link");
}

/** What an event led to is every event that names it as its cause, however much happened in between. */
async function effects(lab, run) {
  const { trace } = run;
  const led = new Map();
  for (const [place, event] of trace.entries())
    if (event.cause) led.set(event.cause, [...(led.get(event.cause) ?? []), place]);
  const places = new Map(trace.map((event, place) => [event.id, place]));
  const far = ([cause, effects]) => effects.at(-1) - (places.get(cause) ?? 0);
  const [cause, ends] = [...led].sort((a, b) => far(b) - far(a))[0];
  await open(lab, run, "graph", `event=${cause}`);
  await holds(`${ends.length} events, the last ${far([cause, ends])} events later`, async () => {
    const shown = await lab.page
      .locator(`${id("effects")} [data-event]`)
      .evaluateAll((all) => all.map((at) => at.dataset.event));
    const truth = ends.map((place) => trace[place].id).slice(0, shown.length);
    return (
      (await lab.number("effects", "count")) === ends.length &&
      shown.length > 0 &&
      shown.every((of) => truth.includes(of))
    );
  });
  await lab.picture("network-effects");
}

async function main() {
  const weather = record(WEATHER, 3);
  const quiet = record(QUIET, 5);
  await visit(async (lab) => {
    await lab.page.evaluate(() => localStorage.setItem("rumormill-debug", "1"));
    await fades(lab, quiet);
    for (const part of [tints, signs, panel, effects]) await part(lab, weather);
  });
}

await finish(main);
