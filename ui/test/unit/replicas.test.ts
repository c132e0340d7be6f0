// The replicas: what they measured is how far the page says they are.

import { describe, expect, it } from "vitest";
import type { GaugeRow } from "../../src/api/types";
import { Gauges } from "../../src/model/gauges";
import { answerWords } from "../../src/replicas/answers";
import { gapOf, hasReplicas, replicasOf } from "../../src/replicas/model";
import { cellSentence, gapSentence, lineName, lineTitle } from "../../src/replicas/words";
import { isOffered } from "../../src/state/views";
import { benchOf } from "./bench";

const NAMES = [
  ...["replica timestamp 2", "value timestamp 2", "replica timestamp 1", "value timestamp 1"],
  ...["replica timestamp 1.3fa", "replica timestamp F", "log", "calls", "offline", "cpu"],
  ...["member", "replica timestamp E", "replica timestamp 3.ab12cd34"],
];

function gauges(...rows: GaugeRow[]): Gauges {
  const of = new Gauges();
  of.take(rows, NAMES);
  return of;
}

const label = String;

describe("replicas", () => {
  it("are the peers that tell how far they are", () => {
    expect(hasReplicas(gauges([1, 9, 500]))).toBe(false);
    // A log alone may be anybody's.
    expect(hasReplicas(gauges([1, 6, 0]))).toBe(false);
    expect(hasReplicas(gauges([1, 6, 0], [1, 7, 0]))).toBe(true);
    expect(hasReplicas(gauges([1, 2, 1]))).toBe(true);
  });

  it("hold and have executed what they measured, of the most that any holds", () => {
    const { lines, rows } = replicasOf(
      gauges(
        [2, 0, 3],
        [2, 1, 2],
        [1, 0, 1],
        [1, 1, 1],
        [1, 2, 4],
        [1, 3, 4],
        [1, 6, 5],
        [3, 6, 0],
        [3, 7, 0],
      ),
    );
    expect(lines.map(({ slot, most }) => [slot, most])).toEqual([
      ["1", 4],
      ["2", 3],
    ]);
    expect(rows.map(({ peer, cells, log, calls }) => ({ peer, cells, log, calls }))).toEqual([
      {
        peer: 1,
        cells: [
          { held: 4, executed: 4 },
          { held: 1, executed: 1 },
        ],
        log: 5,
        calls: null,
      },
      {
        peer: 2,
        cells: [
          { held: 0, executed: 0 },
          { held: 3, executed: 2 },
        ],
        log: null,
        calls: null,
      },
      {
        peer: 3,
        cells: [
          { held: 0, executed: 0 },
          { held: 0, executed: 0 },
        ],
        log: 0,
        calls: 0,
      },
    ]);
  });

  it("have a line for each life, and the forced updates come last", () => {
    const { lines } = replicasOf(gauges([1, 5, 1], [1, 4, 1], [1, 0, 1], [1, 2, 1]));
    expect(lines.map(({ slot }) => slot)).toEqual(["1", "1.3fa", "2", "F"]);
    expect(lines.map(lineTitle)).toEqual([
      "updates taken by 1",
      "updates taken by 1, life 3fa",
      "updates taken by 2",
      "forced updates",
    ]);
  });

  it("have short names for lines where there is little room", () => {
    const { lines } = replicasOf(gauges([1, 12, 1], [1, 5, 1], [1, 2, 1]));
    expect(lines.map(lineName)).toEqual(["1", "3.ab12", "forced"]);
  });

  it("do not count how many lines have ended as updates", () => {
    expect(replicasOf(gauges([1, 2, 1], [1, 11, 3])).lines.map(({ slot }) => slot)).toEqual(["1"]);
  });

  it("have no line for one that has ended, whatever one says that is down", () => {
    const of = gauges([1, 2, 5], [1, 0, 3], [2, 2, 5], [2, 0, 4]);
    expect(replicasOf(of).lines.map(({ slot }) => slot)).toEqual(["1", "2"]);
    of.take([[1, 0, 0]], NAMES);
    expect(replicasOf(of).lines.map(({ slot }) => slot)).toEqual(["1"]);
    expect(gapOf(replicasOf(of)).missing).toEqual([]);
  });

  it("are not waited for when they are no members", () => {
    const of = gauges([1, 2, 5], [2, 2, 9], [2, 10, 0], [1, 10, 1]);
    const replicas = replicasOf(of);
    expect(replicas.rows.map(({ member }) => member)).toEqual([true, false]);
    expect(gapOf(replicas)).toEqual({ all: 5, missing: [], pending: [[1, 5]] });
  });

  it("keep their row when they boot, or when the page goes back, without what they said before", () => {
    const of = gauges([1, 2, 4], [2, 2, 4], [2, 8, 1]);
    expect(replicasOf(of).rows[1]?.service).toBe("offline");
    of.take(
      [
        [2, 2, null],
        [2, 8, null],
      ],
      NAMES,
    );
    const { lines, rows } = replicasOf(of);
    expect(rows[1]).toMatchObject({
      peer: 2,
      cells: [{ held: 0, executed: 0 }],
      silent: true,
      service: "online",
    });
    expect(lines[0]?.most).toBe(4);
    of.forget();
    expect(replicasOf(of).rows.map(({ silent }) => silent)).toEqual([true, true]);
    expect(hasReplicas(of)).toBe(true);
  });

  it("are told apart in words", () => {
    const of = gauges([1, 2, 5], [1, 3, 3], [2, 2, 4], [2, 3, 4]);
    const replicas = replicasOf(of);
    expect(gapOf(replicas)).toEqual({ all: 5, missing: [[2, 1]], pending: [[1, 2]] });
    expect(gapSentence(gapOf(replicas), 2, label)).toBe(
      "5 updates; replica 2 lacks 1; replica 1 has not executed 2.",
    );
    of.take(
      [
        [1, 3, 5],
        [2, 2, 5],
        [2, 3, 5],
      ],
      NAMES,
    );
    expect(gapSentence(gapOf(replicasOf(of)), 2, label)).toBe(
      "5 updates, executed at all 2 replicas.",
    );
    expect(gapSentence({ all: 0, missing: [], pending: [] }, 3, label)).toBe(
      "no replica holds an update yet.",
    );
    const many = [1, 2, 3, 4, 5].map((peer): [number, number] => [peer, 1]);
    expect(gapSentence({ all: 9, missing: many, pending: [] }, 6, label)).toBe(
      "9 updates; 5 replicas lack some.",
    );
    expect(cellSentence({ held: 5, executed: 3 }, 7)).toBe("holds 5 of 7, has executed 3");
    expect(cellSentence({ held: 7, executed: 7 }, 7)).toBe("holds all 7, has executed them");
    expect(cellSentence({ held: 0, executed: 0 }, 7)).toBe("holds none of 7");
    expect(cellSentence({ held: 0, executed: 0 }, 0)).toBe("nothing yet");
  });
});

describe("the page", () => {
  it("hears what peers measure, and forgets it with a fresh line", () => {
    const bench = benchOf(3, []);
    expect(isOffered("replicas", bench)).toBe(false);
    expect(isOffered("log", bench)).toBe(true);
    bench.take({
      type: "frame",
      t: 1,
      dict: { measures: NAMES },
      gauges: [[1, 2, 7]],
      gauges_left_out: 3,
    });
    expect(bench.gauges.of(1).get("replica timestamp 1")).toBe(7);
    expect(bench.gauges.leftOut).toBe(3);
    expect(isOffered("replicas", bench)).toBe(true);
    const { run, communities, kinds, targets } = bench;
    const names = { communities, kinds, targets, measures: [] };
    bench.take({ type: "hello", run, peers: 3, aggregated: false, past: true, ...names });
    expect(bench.gauges.of(1).size).toBe(0);
    expect(bench.gauges.leftOut).toBe(0);
    expect(isOffered("replicas", bench)).toBe(true);
  });

  it("shows of an answer what it says", () => {
    const text =
      "Answers([Answered { ticket: 0, session: s0, result: Ok(Some(Ratings(Rating(Some(4.5))))), token: Token { label: ⟨1:2⟩, time: 7 } }])";
    expect(answerWords({ text, name: "Answers" })).toBe("Rating(Some(4.5))");
    expect(answerWords({ text: "Switched(Offline)", name: "Switched" })).toBe("Switched(Offline)");
    expect(answerWords({ text: "", name: "Told" })).toBe("Told");
  });
});
