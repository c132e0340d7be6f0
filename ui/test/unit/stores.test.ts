// A store of real servers: what its replicas tell from look to look is how far and how fast the page says they are.

import { describe, expect, it } from "vitest";
import type { LineTold, ReplicaTold } from "../../src/api/stores";
import { gapOf } from "../../src/replicas/model";
import { type StoreNow, spanOf, Watch, WINDOW_MS } from "../../src/store/model";
import { pathsOf } from "../../src/store/spark";
import {
  addCommand,
  ago,
  asideWords,
  changeWords,
  rateWords,
  spareWords,
  standingWords,
  unknownSentence,
} from "../../src/store/words";

const line = (
  replica: number | null,
  held: number,
  executed = held,
  incarnation = 0,
): LineTold => ({
  ...{ replica, forced: replica === null && incarnation === 0, incarnation, held, executed },
});

function replica(number: number, more: Partial<ReplicaTold> = {}): ReplicaTold {
  return {
    ...{ replica: number, reached: true, after_ms: 0, service: "online", lines: [line(1, 10)] },
    ...{ log: 0, sessions: 0, waiting: 0, gossip_sent: 0, gossip_received: 0 },
    ...{ executed: 10, queries: 0, primary: null },
    ...{ member: true, fenced: false, out_of_touch: false, stopped: false },
    ...more,
  };
}

/** As a spare tells of itself. */
const spare = (number: number, more: Partial<ReplicaTold> = {}) =>
  replica(number, { member: false, fenced: true, lines: [], executed: 0, ...more });

const lost = (number: number) => replica(number, { reached: false, service: null, lines: [] });

function now(watch: Watch): StoreNow {
  const told = watch.now();
  if (!told) throw new Error("nothing is known");
  return told;
}

const row = (watch: Watch, number: number) => {
  const found = now(watch).rows.find(({ peer }) => peer === number);
  if (!found) throw new Error(`no replica ${number}`);
  return found;
};

describe("a store", () => {
  it("has a line for each replica, each of its lives, and the forced updates", () => {
    const watch = new Watch();
    expect(watch.now()).toBeNull();
    watch.take(0, [
      replica(1, { lines: [line(null, 4), line(2, 3, 2), line(1, 1), line(1, 5, 5, 0x3fa)] }),
      // Another replica has left; and lines that have ended are no updates.
      replica(2, { lines: [line(2, 7), line(null, 9, 8, 0xb), line(3, 0), line(null, 2, 2, 1)] }),
    ]);
    expect(now(watch).lines.map(({ slot, most }) => [slot, most])).toEqual([
      ["1", 1],
      ["1.3fa", 5],
      ["2", 7],
      ["gone.b", 9],
      ["F", 4],
    ]);
    expect(row(watch, 1).cells).toEqual([
      { held: 1, executed: 1 },
      { held: 5, executed: 5 },
      { held: 3, executed: 2 },
      { held: 0, executed: 0 },
      { held: 4, executed: 4 },
    ]);
    expect(gapOf(now(watch)).missing).toEqual([
      [1, 13],
      [2, 10],
    ]);
  });

  it("counts in a second what was done between two looks, by the replica's own time", () => {
    const watch = new Watch();
    watch.take(1000, [replica(1, { gossip_sent: 100, queries: 5 }), replica(2)]);
    expect(row(watch, 1).now?.gossip_sent).toBeNull();
    // One that is not reached is waited for; that is not the others' time.
    watch.take(2000, [replica(1, { gossip_sent: 140, queries: 5, after_ms: 1000 }), lost(2)]);
    expect(row(watch, 1).now).toEqual({
      ...{ gossip_sent: 20, gossip_received: 0, executed: 0, queries: 0 },
    });
    expect(row(watch, 2).now).toBeNull();
  });

  it("keeps what a replica told that is not reached", () => {
    const watch = new Watch();
    watch.take(0, [replica(1), replica(2, { lines: [line(1, 6, 5)], log: 3 })]);
    watch.take(1000, [replica(1), lost(2)]);
    const { standing, cells, log, seen, silent } = row(watch, 2);
    expect([standing, cells, log, seen, silent]).toEqual([
      ...["not reached", [{ held: 6, executed: 5 }], 3, 0, false],
    ]);
    expect(asideWords(row(watch, 2), 13_000, null)).toBe("last 13 s ago");
  });

  it("knows nothing of a replica that it never reached", () => {
    const watch = new Watch();
    watch.take(0, [replica(1), lost(2)]);
    expect(row(watch, 2).silent).toBe(true);
    expect(unknownSentence(now(watch).rows)).toBe("Nothing is known of replica 2.");
    expect(asideWords(row(watch, 2), 1000, null)).toBe("never yet");
  });

  it("lets one that is back catch up to where the others were then", () => {
    const watch = new Watch();
    const at = (executed: number) => replica(2, { lines: [line(1, executed)] });
    watch.take(0, [replica(1), at(10)]);
    watch.take(1000, [replica(1, { lines: [line(1, 50)] }), lost(2)]);
    watch.take(2000, [replica(1, { lines: [line(1, 60)] }), at(10)]);
    expect(standingWords(row(watch, 2))).toBe("catching up");
    expect(asideWords(row(watch, 2), 2000, null)).toBe("50 updates to go");
    watch.take(3000, [replica(1, { lines: [line(1, 90)] }), at(59)]);
    expect(asideWords(row(watch, 2), 3000, null)).toBe("1 update to go");
    watch.take(4000, [replica(1, { lines: [line(1, 99)] }), at(60)]);
    expect(standingWords(row(watch, 2))).toBe("up");
  });

  it("sees by its counts that a replica was started again", () => {
    const watch = new Watch();
    watch.take(0, [replica(1, { gossip_sent: 500 })]);
    watch.take(1000, [replica(1, { gossip_sent: 3 })]);
    expect(row(watch, 1).now?.gossip_sent).toBeNull();
    expect(asideWords(row(watch, 1), 6000, null)).toBe("started again 5 s ago");
    watch.take(2000, [replica(1, { gossip_sent: 23 })]);
    expect(row(watch, 1).now?.gossip_sent).toBe(20);
    watch.take(70_000, [replica(1, { gossip_sent: 24 })]);
    expect(asideWords(row(watch, 1), 70_000, 1)).toBe("primary");
  });

  it("does not count what was done between two looks that are too near to each other", () => {
    const watch = new Watch();
    watch.take(0, [replica(1, { queries: 0 })]);
    watch.take(1000, [replica(1, { queries: 10 })]);
    watch.take(1050, [replica(1, { queries: 12, service: "offline" })]);
    expect([row(watch, 1).now?.queries, row(watch, 1).standing]).toEqual([10, "offline"]);
    watch.take(2000, [replica(1, { queries: 30 })]);
    expect(row(watch, 1).now?.queries).toBe(20);
  });

  it("makes no rate over a time in which nobody answered", () => {
    const watch = new Watch();
    watch.take(0, [replica(1, { queries: 1 })]);
    watch.pause();
    watch.take(60_000, [replica(1, { queries: 1000 })]);
    expect(row(watch, 1).now?.queries).toBeNull();
  });

  it("may gain and lose replicas", () => {
    const watch = new Watch();
    watch.take(0, [replica(3), replica(1)]);
    expect(now(watch).rows.map(({ peer }) => peer)).toEqual([1, 3]);
    watch.take(1000, [replica(1), replica(4)]);
    expect(now(watch).rows.map(({ peer }) => peer)).toEqual([1, 4]);
  });

  it("waits for no spare", () => {
    const watch = new Watch();
    watch.take(0, [replica(1), spare(2), spare(3, { reached: false, fenced: false })]);
    expect(row(watch, 2)).toMatchObject({ member: false, standing: "spare", reached: true });
    expect(gapOf(now(watch)).missing).toEqual([]);
    expect(spareWords(row(watch, 2))).toBe("holds nothing until it is added");
    expect(spareWords(row(watch, 3))).toBe("does not answer");
  });

  it("sees a spare become a member, which catches up, and a member a spare", () => {
    const watch = new Watch();
    const has = (executed: number, more = {}) =>
      replica(2, { lines: [line(1, executed)], ...more });
    watch.take(0, [replica(1), spare(2)]);
    watch.take(1000, [replica(1), has(4, { fenced: true })]);
    expect(row(watch, 2).standing).toBe("catching up");
    expect(asideWords(row(watch, 2), 1000, null)).toBe("6 updates to go");
    watch.take(2000, [replica(1), has(10)]);
    expect(row(watch, 2).standing).toBe("online");
    // What it counted before it was let go says nothing of it now: nobody has started it again.
    watch.take(3000, [replica(1, { lines: [line(1, 20)] }), spare(2)]);
    watch.take(4000, [replica(1, { lines: [line(1, 20)] }), has(20, { executed: 1 })]);
    expect([row(watch, 2).standing, row(watch, 2).again]).toEqual(["online", null]);
  });

  it("hides what a replica holds that was let go and does not know it", () => {
    const watch = new Watch();
    watch.take(0, [replica(1), spare(2, { fenced: false, lines: [line(2, 99)] })]);
    expect(now(watch).lines.map(({ slot }) => slot)).toEqual(["1"]);
    expect(spareWords(row(watch, 2))).toBe("was let go, and has not heard of it yet");
  });

  it("remembers who is a spare while nobody can be asked", () => {
    const watch = new Watch();
    watch.take(0, [replica(1), spare(2)]);
    watch.take(1000, [lost(1), { ...lost(2), member: null }]);
    expect(row(watch, 2).standing).toBe("spare");
  });

  it("says of one that takes no calls that it does not", () => {
    const watch = new Watch();
    watch.take(0, [replica(1), replica(2)]);
    watch.take(1000, [replica(1, { fenced: true }), replica(2, { stopped: true })]);
    expect(standingWords(row(watch, 1))).toBe("catching up");
    expect(asideWords(row(watch, 1), 1000, null)).toBe("takes no calls");
    // Replicas stop for a moment all the time; longer, somebody is waited for.
    expect(standingWords(row(watch, 2))).toBe("up");
    watch.take(2000, [replica(1, { out_of_touch: true }), replica(2, { stopped: true })]);
    expect(standingWords(row(watch, 1))).toBe("out of touch");
    expect(asideWords(row(watch, 1), 1000, null)).toBe("takes no calls");
    expect(standingWords(row(watch, 2))).toBe("stopped");
    expect(asideWords(row(watch, 2), 2000, 2)).toBe("primary · all stop until they agree");
    watch.take(3000, [replica(1), replica(2)]);
    expect(now(watch).rows.map(({ standing }) => standing)).toEqual(["online", "online"]);
  });

  it("remembers no more than is drawn", () => {
    const watch = new Watch();
    for (let i = 0; i < 1000; i++) watch.take(i * 1000, [replica(1)]);
    expect(row(watch, 1).looks.length).toBe(WINDOW_MS / 1000 + 1);
    for (let i = 0; i < 1000; i++) watch.take(1_000_000 + i * 600, [replica(1)]);
    expect(row(watch, 1).looks.length).toBe(200);
  });

  it("draws as far back as somebody has looked", () => {
    const watch = new Watch();
    watch.take(0, [replica(1)]);
    expect(spanOf(now(watch))).toBe(30_000);
    watch.take(50_000, [replica(1)]);
    expect(spanOf(now(watch))).toBe(50_000);
    watch.take(170_000, [replica(1)]);
    watch.take(190_000, [replica(1)]);
    expect(spanOf(now(watch))).toBe(140_000);
  });

  it("says who orders forced updates as most of its replicas do", () => {
    const watch = new Watch();
    watch.take(0, [replica(1, { primary: 1 }), replica(2, { primary: 2 }), replica(3)]);
    watch.take(1, [
      replica(1, { primary: 1 }),
      replica(2, { primary: 3 }),
      replica(3, { primary: 3 }),
    ]);
    expect(now(watch).primary).toBe(3);
  });
});

describe("the line of the last minutes", () => {
  const rates = (queries: number | null) => ({
    ...{ gossip_sent: null, gossip_received: null, executed: null, queries },
  });
  const draw = (looks: [number, number | null][]) =>
    pathsOf(
      looks.map(([at, value]) => ({ at, rates: rates(value) })),
      "queries",
      WINDOW_MS,
      WINDOW_MS,
      10,
    ).map((part) => part.line);

  it("is broken where nothing is known, and where nobody looked", () => {
    const s = WINDOW_MS;
    expect(
      draw([
        [s - 1000, 10],
        [s, 0],
      ]),
    ).toHaveLength(1);
    expect(
      draw([
        [s - 2000, 10],
        [s - 1000, null],
        [s, 0],
      ]),
    ).toHaveLength(2);
    expect(
      draw([
        [s - 20_000, 10],
        [s, 0],
      ]),
    ).toHaveLength(2);
    expect(draw([[s, null]])).toHaveLength(0);
  });

  it("goes from the top for the most to the bottom for nothing", () => {
    expect(
      draw([
        [0, 10],
        [1000, 0],
      ]),
    ).toEqual(["M0 1.5L0 1.5L0.67 24.5"]);
  });
});

describe("words of a store", () => {
  it("tell times and rates", () => {
    expect([ago(300), ago(12_300), ago(125_000)]).toEqual([
      ...["just now", "12 s ago", "2 min 05 s ago"],
    ]);
    expect([rateWords(null), rateWords(0), rateWords(0.25), rateWords(12_345.6)]).toEqual([
      ...["", "0/s", "0.3/s", "12,346/s"],
    ]);
  });

  it("tell who hears the page what has changed", () => {
    const watch = new Watch();
    watch.take(0, [replica(1), replica(2)]);
    const first = now(watch).rows;
    expect(changeWords(null, first)).toBeNull();
    watch.take(1000, [replica(1, { service: "offline" }), lost(2)]);
    const words = "Replica 1 is offline. Replica 2 is not reached.";
    expect(changeWords(first, now(watch).rows)).toBe(words);
    expect(changeWords(first, first)).toBeNull();
    watch.take(2000, [replica(1), spare(2)]);
    expect(changeWords(first, now(watch).rows)).toBe("Replica 2 is a spare.");
  });

  it("tell what to type, and where, if there are several stores", () => {
    const store = (address: string, pid: number | null) => ({
      ...{ address, front_ends: [address], pid, folder: null, replicas: 3 },
    });
    const [here, other] = [store("127.0.0.1:1", 7), store("127.0.0.1:2", 8)];
    expect(addCommand(5, "127.0.0.1:1", [here])).toBe("rumormill store add 5");
    const whole = "rumormill store add 5 --server http://127.0.0.1:1";
    expect(addCommand(5, "127.0.0.1:1", [here, other])).toBe(whole);
    // One that somebody named may be anywhere.
    expect(addCommand(5, "127.0.0.1:1", [store("127.0.0.1:1", null)])).toBe(whole);
    expect(addCommand(5, "127.0.0.1:1", [store("127.0.0.1:1", null), other])).toBe(whole);
  });
});
