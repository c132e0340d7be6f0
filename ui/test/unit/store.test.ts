// The store: what frames say is what the page knows.

import { describe, expect, it } from "vitest";
import type { Frame, Hello, Run } from "../../src/api/types";
import { EDGES_MAX, Edges } from "../../src/model/edges";
import { Groups } from "../../src/model/groups";
import { isGap, JOURNAL_LINES_MAX, Journal, matches } from "../../src/model/journal";
import { progressOf, Status } from "../../src/model/peers";
import { Bench } from "../../src/model/run";
import { line } from "./line";

const run: Run = {
  ...{ id: "r1", name: "r1", experiment: "flood", title: "Flood", mode: "sim", seed: 1, peers: 3 },
  ...{ state: "running", outcome: null, started: "2026-11-20T05:00:00Z", events: 0, live: true },
  ...{ virtual_seconds: 0, wall_seconds: 0, targets: {}, digest: null, folder: null, pids: [] },
  ...{ messages: { sent: 0, delivered: 0, dropped: 0, bytes: 0 }, error: null },
};

function hello(more: Partial<Hello> = {}): Hello {
  return {
    ...{ type: "hello", run, peers: 3, aggregated: false },
    ...{ communities: ["flood"], kinds: [], targets: ["messages"] },
    ...more,
  };
}

function frame(more: Partial<Frame>): Frame {
  return { type: "frame", t: 1, ...more };
}

describe("peers", () => {
  it("keeps the newest row of each peer and counts them", () => {
    const bench = new Bench(run);
    bench.take(hello());
    bench.take(
      frame({
        peers: [
          [1, 1, 0, [[0, 10, 50]], [0], 4001],
          [2, 1, 0, [], [], 0],
        ],
      }),
    );
    expect(bench.peers.statusCount).toEqual([1, 2, 0, 0, 0]);
    expect(bench.caption(1)).toBe("messages: 10/50, id: 1");
    bench.take(frame({ peers: [[1, 2, 1, [[0, 50, 50]], [0], 4001]] }));
    expect(bench.peers.statusCount).toEqual([1, 1, 1, 0, 0]);
    expect(bench.peers.status[1]).toBe(Status.Crashed);
    expect(bench.done).toBe(1);
    bench.take(frame({ peers: [[1, 1, 0, [[0, 50, 50]], [0], 4001]] }));
    expect(bench.done).toBe(0);
  });

  it("ignores peers that the run does not have", () => {
    const bench = new Bench(run);
    bench.take(hello());
    bench.take(
      frame({
        peers: [
          [0, 1, 1, [], [], 0],
          [4, 1, 1, [], [], 0],
        ],
      }),
    );
    expect(bench.done).toBe(0);
  });

  it("calls a peer what the lab calls it", () => {
    const bench = new Bench(run);
    bench.take(hello());
    bench.take(frame({ labels: { 2: "10003" }, peers: [[2, 1, 0, [[0, 1, 2]], [], 0]] }));
    expect(bench.caption(2)).toBe("messages: 1/2, id: 10003");
  });

  it("means all targets of a peer by its progress, and more than all is all", () => {
    expect(progressOf([])).toBe(-1);
    expect(
      progressOf([
        [0, 25, 50],
        [1, 9, 3],
      ]),
    ).toBeCloseTo(0.75);
    expect(progressOf([[0, 0, 0]])).toBe(1);
  });
});

describe("links", () => {
  it("tells links apart in a run that began without peers", () => {
    const edges = new Edges(0);
    edges.take([1, 2, 0, 0, 1, 10, 0], 1);
    edges.take([2, 1, 0, 0, 1, 10, 0], 1);
    expect(edges.list.map((edge) => [edge.from, edge.to])).toEqual([
      [1, 2],
      [2, 1],
    ]);
  });

  it("adds up what frames say of a pair, by kind", () => {
    const edges = new Edges(3);
    edges.take([1, 2, 0, 0, 3, 300, 1], 1);
    edges.take([1, 2, 1, 0, 2, 20, 0], 2);
    edges.take([2, 1, 0, 0, 1, 100, 0], 2);
    expect(edges.list).toHaveLength(2);
    const edge = edges.get(1, 2, 0);
    expect(edge).toMatchObject({ count: 5, bytes: 320, lost: 1, last: 2 });
    expect(edge?.kinds).toHaveLength(2);
  });

  it("knows when the latest message passed, whenever it is told", () => {
    const edges = new Edges(3);
    edges.take([1, 2, 0, 0, 3, 300, 0, 250_000], 9);
    expect(edges.get(1, 2, 0)?.last).toBe(0.25);
    edges.take([1, 2, 1, 0, 1, 100, 0, 125_000], 9);
    expect(edges.get(1, 2, 0)?.last).toBe(0.25);
    edges.take([1, 2, 0, 0, 1, 100, 0], 9);
    expect(edges.get(1, 2, 0)?.last).toBe(9);
  });

  it("is bounded, and says how many it left out", () => {
    const edges = new Edges(EDGES_MAX + 10);
    for (let to = 1; to <= EDGES_MAX + 5; to++) edges.take([1, to, 0, 0, 1, 1, 0], 1);
    edges.setHidden(2);
    expect(edges.list).toHaveLength(EDGES_MAX);
    expect(edges.hidden).toBe(7);
  });
});

describe("a run", () => {
  it("starts anew with each hello, so that a broken line does not count twice", () => {
    const bench = new Bench(run);
    for (let i = 0; i < 2; i++) {
      bench.take(hello());
      bench.take(frame({ edges: [[1, 2, 0, 0, 3, 300, 0]], log: [line({ id: "1" })] }));
    }
    expect(bench.edges.get(1, 2, 0)?.count).toBe(3);
    expect(bench.journal.entries).toHaveLength(1);
  });

  it("animates only what happens while somebody looks", () => {
    const bench = new Bench(run);
    const news: number[] = [];
    bench.listen((rows) => news.push(rows.length));
    bench.take(hello({ run: { ...run, events: 7 } }));
    bench.take(frame({ edges: [[1, 2, 0, 0, 3, 300, 0]] }));
    bench.take(frame({ edges: [[1, 2, 0, 0, 1, 100, 0]] }));
    expect(news).toEqual([0, 0, 1]);
  });

  it("takes over state, names and counts", () => {
    const bench = new Bench(run);
    bench.take(hello());
    bench.take(
      frame({
        t: 2,
        run: { state: "ended", outcome: "completed", virtual_seconds: 2, trace_dropped: 3 },
        dict: { kinds: ["rumor"], communities: ["a", "b"], targets: ["x"] },
        kinds: [[0, 10, 960]],
      }),
    );
    expect(bench.run.outcome).toBe("completed");
    expect(bench.run.id).toBe("r1");
    expect(bench.communities).toEqual(["a", "b"]);
    expect(bench.kindCounts[0]).toEqual({ sent: 10, bytes: 960 });
    expect(bench.traceDropped).toBe(3);
  });

  it("moves the present on with every event, and the past only when told", () => {
    const bench = new Bench(run);
    bench.take(hello());
    const event = line({ id: "7" });
    const cursor = { t: 1, n: 5, of: 5, event: null, speed: 0, live: true };
    bench.take(frame({ cursor, log: [event] }));
    bench.take(frame({ t: 2, log: [event], log_skipped: 3 }));
    expect(bench.cursor).toEqual({ ...cursor, t: 2, n: 9, of: 9, event });
    const past = { ...cursor, n: 2, of: 9, live: false };
    bench.take(frame({ cursor: past }));
    bench.take(frame({ t: 3, log: [event] }));
    expect(bench.cursor).toEqual(past);
  });

  it("keeps how it ended while its past is looked at", () => {
    const bench = new Bench(run);
    bench.take(hello());
    const messages = (sent: number) => ({ sent, delivered: 0, dropped: 0, bytes: 0 });
    const end = { state: "ended", outcome: "completed", virtual_seconds: 7 } as const;
    const cursor = { t: 7, n: 9, of: 9, event: null, speed: 0, live: true };
    bench.take(frame({ cursor, run: { ...end, messages: messages(40) } }));
    bench.take(hello({ past: true }));
    const then = { ...cursor, t: 1, n: 2, live: false };
    bench.take(frame({ cursor: then, run: { virtual_seconds: 1, messages: messages(4) } }));
    bench.take(frame({ run: { virtual_seconds: 1, messages: messages(5) } }));
    expect(bench.run.messages.sent).toBe(5);
    expect(bench.present).toMatchObject({ ...end, messages: messages(40) });
  });

  it("sums groups when there are too many peers", () => {
    const bench = new Bench(run);
    bench.take(hello({ aggregated: true, peers: 100_000, run: { ...run, peers: 100_000 } }));
    bench.take(
      frame({
        groups: [
          [0, 98, 98, 5, 4, 10, 20],
          [1, 98, 90, 1, 1, 0, 20],
        ],
      }),
    );
    bench.take(frame({ groups: [[0, 98, 98, 98, 98, 20, 20]] }));
    expect(bench.done).toBe(99);
    expect(bench.size).toBe(100_000);
  });
});

it("puts consecutive peers into groups of one size, as the lab does", () => {
  const groups = new Groups(100_000);
  expect(groups.each).toBe(98);
  expect(groups.of(1)).toBe(0);
  expect(groups.of(98)).toBe(0);
  expect(groups.of(99)).toBe(1);
  expect(groups.range(1020)).toEqual([99_961, 100_000]);
});

describe("the journal", () => {
  it("shows gaps, joined, and no line twice", () => {
    const journal = new Journal();
    journal.take([line({ id: "1" })], 0);
    journal.take([], 5);
    journal.take([line({ id: "1" }), line({ id: "2" })], 2);
    expect(journal.entries.map((e) => (isGap(e) ? e.gap : e.id))).toEqual(["1", 7, "2"]);
  });

  it("is bounded", () => {
    const journal = new Journal();
    for (let i = 0; i < 3 * JOURNAL_LINES_MAX; i++) journal.take([line({ id: `${i}` })], 0);
    expect(journal.entries.length).toBeLessThanOrEqual(JOURNAL_LINES_MAX * 1.25);
    expect(journal.entries.at(-1)).toMatchObject({ id: `${3 * JOURNAL_LINES_MAX - 1}` });
  });

  it("filters by kind, peer at either end, and words in any case", () => {
    const sent = line({ kind: "sent", peer: 3, other: 7, name: "rumor", text: "Hello" });
    const pass = (filter: Partial<{ kind: string; text: string; peer: string }>) =>
      matches(sent, { kind: "", text: "", peer: "", ...filter });
    expect(pass({})).toBe(true);
    expect(pass({ kind: "sent", peer: "7", text: "hELLO" })).toBe(true);
    expect(pass({ kind: "dropped" })).toBe(false);
    expect(pass({ peer: "4" })).toBe(false);
    expect(pass({ text: "digest" })).toBe(false);
  });
});
