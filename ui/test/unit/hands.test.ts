// Breaking by hand: what is typed becomes a fault of the plan, and a fault reads as a sentence.

import { describe, expect, it } from "vitest";
import type { Tree } from "../../src/api/past";
import type { Run } from "../../src/api/types";
import { hexRows } from "../../src/inspector/hex";
import { treeLines } from "../../src/inspector/lines";
import { momentOf } from "../../src/inspector/moment";
import { asked, clockOff, linkHolds, slowBy } from "../../src/inspector/wishes";
import { handsOf } from "../../src/state/hands";
import {
  faultWords,
  secondsOf,
  shortly,
  spanOf,
  spanWords,
  typedSpan,
} from "../../src/words/faults";
import { line } from "./line";

const run: Run = {
  ...{ id: "r1", name: "r1", experiment: "flood", title: "Flood", mode: "sim", seed: 1, peers: 3 },
  ...{ state: "running", outcome: null, started: "", events: 0, live: true },
  ...{ virtual_seconds: 0, wall_seconds: 0, targets: {}, digest: null, folder: "f", pids: [] },
  ...{ messages: { sent: 0, delivered: 0, dropped: 0, bytes: 0 }, error: null },
};

describe("spans of time", () => {
  it("are read as people type them", () => {
    expect(typedSpan("250ms")).toBeCloseTo(0.25);
    expect(typedSpan(" 1.5 s ")).toBe(1.5);
    expect(typedSpan("2")).toBe(2);
    expect(typedSpan("-3 min")).toBe(-180);
    for (const wrong of ["", "ms", "1 day", "1e3s", "one"]) expect(typedSpan(wrong)).toBeNull();
  });

  it("keep their nanoseconds in a plan", () => {
    expect(spanOf(1.25)).toEqual({ secs: 1, nanos: 250_000_000 });
    expect(spanOf(0.9999999999)).toEqual({ secs: 1, nanos: 0 });
    expect(secondsOf(spanOf(3.000000001))).toBeCloseTo(3.000000001, 9);
  });

  it("are said as the lab says them", () => {
    expect([0, 5e-5, 0.005, 1.5, 300].map(spanWords)).toEqual([
      "0 s",
      "50 µs",
      "5 ms",
      "1.5 s",
      "5 min",
    ]);
  });
});

describe("faults", () => {
  it("read as the lab writes them", () => {
    const numbers = Array.from({ length: 19 }, (_, i) => i + 1);
    expect(faultWords({ crash: { peers: { numbers } } })).toBe(
      "peers 1, 2, 3, 4, 5, 6, 7, 8 and 11 more crash",
    );
    expect(faultWords({ crash: { peers: { numbers: [3] } } })).toBe("peer 3 crashes");
    const half = { share: { from: 0, to: 0.5 } };
    expect(faultWords({ partition: { groups: [half] } })).toBe(
      "partition: peers from 0 to 50 % | the rest",
    );
    expect(faultWords({ cut: { from: { numbers: [1, 2] }, to: "all", both: false } })).toBe(
      "cut from peers 1, 2 to all peers",
    );
    expect(faultWords("heal")).toBe("all links are whole again");
    expect(faultWords({ set: { parameters: { loss: { number: 0.5 } } } })).toBe("loss is now 0.5");
  });

  it("name resolved parameters as people write them", () => {
    const runs: [number, number][] = [
      [1, 1],
      [0, 39],
    ];
    expect(shortly({ per_peer: runs })).toBe("1 in all, of 40 peers");
    expect(shortly({ span: { secs: 0, nanos: 20_000_000 } })).toBe("20 ms");
    expect(shortly({ flag: true })).toBe("true");
    expect(["100 if peerid == 1 else 0", 3, { a: 1, b: 2 }].map(shortly)).toEqual([
      ...["100 if peerid == 1 else 0", "3", '{"a":1,"b":2}'],
    ]);
  });

  it("come from what was typed, or a sentence says what is wrong", () => {
    const peers = { numbers: [3] };
    expect(slowBy(peers, "50ms")).toEqual({
      faults: [{ slow: { peers, by: { secs: 0, nanos: 50_000_000 } } }],
    });
    expect(slowBy(peers, "soon")).toMatchObject({ wrong: expect.stringContaining("by: expected") });
    expect(clockOff(peers, "-1s", "200")).toEqual({
      faults: [{ clock: { peers, offset_ns: -1_000_000_000, drift_ppm: 200 } }],
    });
    expect(clockOff(peers, "1s", "fast")).toHaveProperty("wrong");
    expect(asked(peers, " push ")).toEqual({ faults: [{ request: { peers, text: "push" } }] });
    expect(asked(peers, " ")).toHaveProperty("wrong");
  });

  it("of a link are one for each way", () => {
    const both = linkHolds([1, 2], "100ms", "30 %", true);
    if (!("faults" in both)) throw new Error(both.wrong);
    expect(both.faults.map(faultWords)).toEqual([
      "from peer 1 to peer 2: 30 % loss, 100 ms slower",
      "from peer 2 to peer 1: 30 % loss, 100 ms slower",
    ]);
    expect(linkHolds([1, 2], "0", "101", false)).toHaveProperty("wrong");
  });
});

describe("hands", () => {
  it("break what is under way, and branch what is past", () => {
    expect(handsOf(run, false).can).toBe("inject");
    expect(handsOf(run, true).can).toBe("branch");
    expect(handsOf({ ...run, state: "ended", live: false }, false).can).toBe("branch");
    const real = { ...run, mode: "processes" };
    expect(handsOf(real, false).can).toBe("inject");
    expect(handsOf(real, true)).toMatchObject({ can: "nothing", why: /Go live/ });
    expect(handsOf({ ...real, state: "ended" }, false).can).toBe("nothing");
    expect(handsOf({ ...run, state: "ended", live: false, folder: null }, false).can).toBe(
      "nothing",
    );
  });
});

describe("a state as lines", () => {
  const leaf = (text: string): Tree => ({ type: "leaf", text });
  const state = (known: string): Tree => ({
    ...{ type: "struct", name: "Flood" },
    fields: [
      ["round", leaf("3")],
      ["known", { type: "map", entries: [["7", leaf(known)]], more: 2 }],
      ["far", { type: "list", items: Array.from({ length: 20 }, (_, i) => leaf(`${i}`)), more: 0 }],
    ],
  });

  it("marks what changed, with what it was, and opens the way there", () => {
    const { lines, more } = treeLines(state("b"), state("a"), ["known.7"], new Map());
    expect(lines.map((l) => [l.path, l.text, l.changed, l.before])).toEqual([
      ["round", "3", false, null],
      ["known", "{3}", true, null],
      ["known.7", "b", true, "a"],
      ["far", "[20]", false, null],
    ]);
    expect(more).toBe(2);
  });

  it("opens and closes as a hand chooses", () => {
    const { lines } = treeLines(
      state("b"),
      null,
      [],
      new Map([
        ["known", false],
        ["far", true],
      ]),
    );
    expect(lines.map((l) => l.path).slice(0, 4)).toEqual(["round", "known", "far", "far.0"]);
  });

  it("does not take one field for another that begins alike", () => {
    const { lines } = treeLines(state("b"), null, ["rou"], new Map());
    expect(lines.some((l) => l.changed)).toBe(false);
  });
});

it("asks for the state at the event behind which the cursor stands, else at its time", () => {
  const event = line({ id: "9", t: 1.5 });
  const at = { t: 1.5, n: 4, of: 9, event, speed: 0, live: false };
  expect(momentOf(at)).toEqual({ event: "9" });
  expect(momentOf({ ...at, t: 1.7 })).toEqual({ t: 1.7 });
  expect(momentOf({ ...at, event: null, t: 0 })).toEqual({ t: 0 });
});

it("dumps bytes with their letters", () => {
  expect(hexRows("48656c6c6f00ff0a21")).toEqual([
    { offset: "0000", bytes: "48 65 6c 6c 6f 00 ff 0a", letters: "Hello···" },
    { offset: "0008", bytes: "21", letters: "!" },
  ]);
  expect(hexRows("")).toEqual([]);
});
