// Time: where the cursor goes, how fast it plays, what the timeline draws.

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Mark } from "../../src/api/past";
import { Pace } from "../../src/state/pace";
import { nextMark } from "../../src/state/timeline";
import { area, columns, ticks } from "../../src/strip/lanes";
import { groupMarks, markSentence } from "../../src/strip/marks";
import { shifted, speedFor } from "../../src/strip/speeds";

function mark(of: Partial<Mark>): Mark {
  return { t: 0, kind: "fault", peer: 0, name: "", text: "", event: null, ...of };
}

describe("a dragged cursor", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("asks for one place at a time, and at last for the last", () => {
    const sent: number[] = [];
    let settled = 0;
    const pace = new Pace<number>(
      (t) => sent.push(t),
      () => {
        settled += 1;
      },
    );
    for (const t of [1, 2, 3, 4]) pace.want(t);
    expect(sent).toEqual([1]);
    pace.answered();
    expect(sent).toEqual([1, 4]);
    expect(settled).toBe(0);
    pace.answered();
    expect(settled).toBe(1);
    pace.answered();
    expect(settled).toBe(1);
  });

  it("does not ask twice for the place it has", () => {
    const sent: number[] = [];
    const pace = new Pace<number>(
      (t) => sent.push(t),
      () => undefined,
    );
    pace.want(1);
    pace.want(2);
    pace.want(1);
    pace.answered();
    expect(sent).toEqual([1]);
  });

  it("loses its patience when no answer comes", () => {
    const sent: number[] = [];
    const pace = new Pace<number>(
      (t) => sent.push(t),
      () => undefined,
    );
    pace.want(1);
    pace.want(2);
    vi.advanceTimersByTime(1000);
    expect(sent).toEqual([1, 2]);
    pace.want(3);
    pace.want(4);
    pace.forget();
    vi.advanceTimersByTime(1000);
    expect(sent).toEqual([1, 2, 3]);
  });
});

describe("speeds", () => {
  it("make any run watchable", () => {
    expect(speedFor(0.3)).toBe(0.03);
    expect(speedFor(12)).toBe(1);
    expect(speedFor(3600)).toBe(300);
    expect(speedFor(1e9)).toBe(1000);
    expect(speedFor(0)).toBe(0.01);
  });

  it("go up and down within their bounds", () => {
    expect(shifted(1, 1)).toBe(3);
    expect(shifted(1, -1)).toBe(0.3);
    expect(shifted(1000, 1)).toBe(1000);
    expect(shifted(0.01, -1)).toBe(0.01);
  });
});

describe("the lanes", () => {
  it("give each value a column, and even the least a height", () => {
    expect(columns([0, 1000, 1, 0], 1000, 20)).toBe("M150 20v-20h150v20zM300 20v-1h150v1z");
    expect(columns([], 1, 20)).toBe("");
  });

  it("hold a count until the next", () => {
    expect(area([0, 5, 10], 10, 11)).toBe("M0 11L0 11H200L200 6H400L400 1H600V11Z");
    expect(area([], 10, 11)).toBe("");
  });

  it("have round times below", () => {
    expect(ticks(7.3, 900)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(ticks(0.3, 900).map((t) => Number(t.toFixed(6)))).toEqual([
      0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3,
    ]);
    expect(ticks(0, 900)).toEqual([]);
  });
});

describe("marks", () => {
  it("of one kind and place become one", () => {
    const marks = [
      mark({ t: 5, kind: "crash" }),
      mark({ t: 1 }),
      mark({ t: 1.005 }),
      mark({ t: 1.006, kind: "crash" }),
    ];
    const groups = groupMarks(marks, 10, 1000);
    expect(groups.map((g) => [g.kind, g.place, Math.round(g.aside), g.marks.length])).toEqual([
      ["fault", 0.1, 0, 2],
      ["crash", 0.1006, 12, 1],
      ["crash", 0.5, 0, 1],
    ]);
    expect(groupMarks(marks, 0, 1000)).toEqual([]);
  });

  it("stand beside each other, within the timeline", () => {
    const kinds = ["fault", "crash", "restart", "done"] as const;
    const groups = groupMarks(
      kinds.map((kind) => mark({ t: 10, kind })),
      10,
      1000,
    );
    const places = groups.map((g) => g.place * 1000 + g.aside);
    expect(groups.map((g) => g.kind)).toEqual(kinds);
    expect(places.at(-1)).toBe(1000);
    places.slice(1).forEach((at, i) => {
      expect(at - (places[i] ?? 0)).toBeGreaterThanOrEqual(13);
    });
  });

  it("can be gone through, forward and back", () => {
    const marks = [mark({ t: 3 }), mark({ t: 1 }), mark({ t: 2 })];
    expect(nextMark(marks, 1, false)?.t).toBe(2);
    expect(nextMark(marks, 3, true)?.t).toBe(2);
    expect(nextMark(marks, 3, false)).toBeNull();
    expect(nextMark(marks, 1, true)).toBeNull();
  });

  it("say what happened", () => {
    expect(markSentence(mark({ kind: "crash", peer: 3 }))).toBe("peer 3 crashed");
    expect(markSentence(mark({ kind: "target", name: "messages" }))).toBe(
      "all peers have all messages",
    );
    expect(markSentence(mark({ kind: "fault", text: "cut between peer 1 and peer 2" }))).toBe(
      "cut between peer 1 and peer 2",
    );
  });
});
