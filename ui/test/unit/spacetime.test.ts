// The space-time diagram: where things lie, what is hit, what led to what.

import { describe, expect, it } from "vitest";
import type { Spacetime } from "../../src/api/history";
import { conesOf, inFuture, inPast, reaches, unknownEdges } from "../../src/spacetime/cones";
import { sideOf } from "../../src/spacetime/draw/arrows";
import { countAt } from "../../src/spacetime/draw/density";
import { shapeOf } from "../../src/spacetime/draw/marks";
import {
  around,
  type Frame,
  inside,
  rowAt,
  SPAN_S_MIN,
  ticks,
  tickText,
  timeAt,
  xOf,
  yOf,
  zoom,
} from "../../src/spacetime/geometry";
import { eventOf, hit, lineOf } from "../../src/spacetime/hit";
import { downSpans, pausedSpans } from "../../src/spacetime/landmarks";
import { countOf, eventAt, peerOf, pictureOf } from "../../src/spacetime/picture";
import { joined, readPeers, writePeers } from "../../src/spacetime/rows";
import { estimate } from "../../src/spacetime/source";
import { line } from "./line";

const frame: Frame = { span: [1, 3], width: 878, height: 438, row: 40, scroll: 0 };

/** Peers 2 and 1: 2 starts, sends to 1, which hears and answers; the answer is lost. */
const answer: Spacetime = {
  ...{ from: 1, to: 3, total: 5, peers: [2, 1], hidden_peers: 0, quiet_peers: 0, detail: true },
  events: [
    { id: eventAt(2, 1), t: 1, peer: 2, kind: "started", name: "" },
    { id: eventAt(2, 2), t: 1.2, peer: 2, kind: "sent", name: "push", other: 1 },
    {
      ...{ id: eventAt(1, 4), t: 2, peer: 1, kind: "delivered", name: "push", other: 2 },
      cause: eventAt(2, 2),
    },
    { id: eventAt(1, 5), t: 2.5, peer: 1, kind: "sent", name: "pull", other: 2 },
    {
      ...{ id: eventAt(1, 6), t: 2.5, peer: 1, kind: "dropped", name: "pull", other: 2 },
      cause: eventAt(1, 5),
    },
  ],
  messages: [
    [eventAt(2, 2), eventAt(1, 4), 2, 1, 1.2, 2, "push", false, 87],
    [eventAt(1, 5), eventAt(1, 6), 1, 2, 2.5, 2.5, "pull", true, 8],
    [eventAt(1, 3), eventAt(7, 1), 1, 7, 1.5, 1.6, "push", false, 8],
  ],
};
const picture = pictureOf(answer, ["pull", "push"]);
const none = new Set<number>();

describe("geometry", () => {
  it("goes to pixels and back", () => {
    for (const t of [1, 1.25, 2.9]) expect(timeAt(frame, xOf(frame, t))).toBeCloseTo(t, 9);
    for (const row of [0, 3, 9]) expect(rowAt(frame, yOf(frame, row))).toBe(row);
    expect(rowAt({ ...frame, scroll: 80 }, yOf(frame, 0))).toBe(2);
  });

  it("zooms at the pointer and stays within the run", () => {
    const [from, to] = zoom([1, 3], 2.5, 2, 10);
    expect([from, to]).toEqual([1.75, 2.75]);
    expect(zoom([1, 3], 1, 0.01, 10)).toEqual([0, 10]);
    const least = zoom([1, 1 + SPAN_S_MIN], 1, 100, 10);
    expect(least[1] - least[0]).toBeCloseTo(SPAN_S_MIN, 12);
    expect(inside([9, 12], 10)).toEqual([7, 10]);
    expect(around(0.1, 1, 10)).toEqual([0, 1]);
  });

  it("puts ticks at round times with digits that tell them apart", () => {
    const { step, at } = ticks(frame);
    expect(step).toBe(0.5);
    expect(at).toEqual([1, 1.5, 2, 2.5, 3]);
    expect(tickText(1.5, 0.5, 3)).toBe("1.5 s");
    const near = { ...frame, span: [0.0400001, 0.0400002] as const };
    const texts = ticks(near).at.map((t) => tickText(t, ticks(near).step, near.span[1]));
    expect(new Set(texts).size).toBe(texts.length);
    expect(texts[0]).toMatch(/ms$/);
  });
});

describe("event ids", () => {
  it("name the peer and its count, beyond what a number holds", () => {
    const id = eventAt(16_000_000, 1_099_511_627_775);
    expect([peerOf(id), countOf(id)]).toEqual([16_000_000, 1_099_511_627_775]);
    expect(eventAt(3, 1)).toBe("3298534883329");
  });
});

describe("pictures", () => {
  it("give each peer its row and each message its ends", () => {
    expect(picture.rowOf.get(1)).toBe(1);
    expect(picture.arrows.map((a) => [a.fromRow, a.toRow, a.kind, a.fate])).toEqual([
      [0, 1, 1, "delivered"],
      [1, 0, 0, "lost"],
      [1, -1, 1, "delivered"],
    ]);
    expect(picture.byRow.map((row) => row.length)).toEqual([2, 3]);
  });

  it("end a lost message half-way, leaning as those that arrive", () => {
    const lost = picture.arrows[1];
    const [x0, y0, x1, y1] = (lost && lineOf(frame, lost)) ?? [];
    expect(y1).toBe(((y0 ?? 0) + yOf(frame, 0)) / 2);
    expect(x1).toBeGreaterThan(x0 ?? 0);
  });

  it("show one end of a message whose other end has no row", () => {
    const alone = pictureOf({ ...answer, peers: [1], messages: [] }, ["pull", "push"]);
    expect([alone.of, alone.stubs]).toEqual([0, 2]);
    expect(alone.arrows.map((a) => [a.sent, a.fromRow, a.toRow, a.fate])).toEqual([
      [eventAt(2, 2), -1, 0, "delivered"],
      [eventAt(1, 5), 0, -1, "lost"],
    ]);
  });

  it("count in columns where there are too many events", () => {
    const dense = pictureOf(
      {
        ...{ from: 0, to: 4, total: 9, peers: [1], hidden_peers: 2, quiet_peers: 1, messages: [] },
        ...{ detail: false, columns: 4, rows: [[1, [1, 5, 0, 3]]], shown: 0, of: 70 },
      },
      [],
    );
    expect(countAt(dense, 0, 1.5)).toEqual({ count: 5, from: 1, to: 2 });
    expect(countAt(dense, 0, 4)).toBeNull();
    expect([dense.of, dense.hidden, dense.quiet]).toEqual([70, 2, 1]);
    expect(estimate(dense, [1, 3])).toBe(5);
    expect(estimate(dense, [3, 5])).toBe(6);
    expect(estimate(dense, [5, 6])).toBeNull();
  });

  it("show a met target and a violation each in a shape of its own", () => {
    const shape = (kind: string, value = 0, goal = 0) =>
      shapeOf({ event: { id: "1", t: 0, peer: 1, name: "", kind, value, goal } });
    expect(shape("progress", 3, 5)).not.toBe(shape("progress", 5, 5));
    expect(shape("violated")).toBe("violated");
    expect(shape("kind")).toBeNull();
  });
});

describe("what is under the pointer", () => {
  it("is the event first, then the message, then the row", () => {
    const [x, y] = [xOf(frame, 2), yOf(frame, 1)];
    expect(eventOf(hit(picture, frame, x + 2, y - 2, none))).toBe(eventAt(1, 4));
    const middle = hit(picture, frame, xOf(frame, 1.6), (yOf(frame, 0) + y) / 2, none);
    expect(middle.at).toBe("arrow");
    expect(eventOf(middle)).toBe(eventAt(1, 4));
    const row = hit(picture, frame, xOf(frame, 2.9), y, none);
    expect(row).toMatchObject({ at: "row", row: 1, peer: 1 });
    expect(hit(picture, frame, x, 430, none).at).toBe("nothing");
  });

  it("is not what is hidden", () => {
    const at = [xOf(frame, 1.6), (yOf(frame, 0) + yOf(frame, 1)) / 2] as const;
    expect(hit(picture, frame, ...at, new Set([1])).at).not.toBe("arrow");
  });
});

describe("cones", () => {
  const event = line({ id: eventAt(1, 4), t: 2, peer: 1, kind: "delivered" });
  const cones = conesOf({
    event,
    past: {
      peers: [
        [1, 4],
        [2, 2],
      ],
      events: 6,
    },
    future: { peers: [[1, 4]], events: 3 },
    path: [line({ id: eventAt(2, 1), t: 1, peer: 2 }), event],
  });

  it("hold what led to the event and what followed, and nothing beside", () => {
    expect(inPast(cones, eventAt(2, 2))).toBe(true);
    expect(inPast(cones, eventAt(2, 3))).toBe(false);
    expect(inPast(cones, eventAt(9, 1))).toBe(false);
    expect(inFuture(cones, eventAt(1, 5))).toBe(true);
    expect(inFuture(cones, eventAt(2, 3))).toBe(false);
    const sides = picture.arrows.map((arrow) => sideOf({ cones, link: [1, 2] }, arrow));
    expect(sides).toEqual(["past", "future", "beside"]);
  });

  it("give way to a link when there are none", () => {
    const sides = picture.arrows.map((arrow) => sideOf({ cones: null, link: [1, 2] }, arrow));
    expect(sides).toEqual(["link", "link", "beside"]);
  });

  it("reach on each row as far as its events do", () => {
    expect(reaches(cones, picture)).toEqual([
      { past: 1.2, future: null },
      { past: 2, future: 2 },
    ]);
    expect(unknownEdges(cones, picture)).toEqual([]);
    const elsewhere = pictureOf({ ...answer, events: [] }, []);
    expect(unknownEdges(cones, elsewhere)).toEqual([eventAt(2, 2)]);
  });
});

describe("landmarks", () => {
  it("tell when peers were down", () => {
    const lives = [
      line({ id: "3", t: 2, peer: 4, kind: "restarted" }),
      line({ id: "1", t: 1, peer: 4, kind: "crashed" }),
      line({ id: "5", t: 3, peer: 4, kind: "crashed" }),
      line({ id: "6", t: 3.5, peer: 4, kind: "stopped" }),
    ];
    expect(downSpans(lives).get(4)).toEqual([
      [1, 2],
      [3, Number.POSITIVE_INFINITY],
    ]);
  });

  it("tell when peers were paused, of those that are named", () => {
    const fault = (t: number, name: string, text: string) =>
      line({ id: String(t), t, peer: 0, kind: "fault", name, text });
    const spans = pausedSpans([
      fault(1, "pause", "peers 2, 3 and 5 pause"),
      fault(2, "resume", "peer 3 resume"),
      fault(3, "pause", "3 random peers pause"),
    ]);
    expect([...spans.keys()]).toEqual([2, 3, 5]);
    expect(spans.get(3)).toEqual([[1, 2]]);
  });
});

describe("rows", () => {
  it("are written and read as ranges", () => {
    expect(writePeers([1, 2, 3, 4, 8, 9, 12])).toBe("1-4, 8, 9, 12");
    expect(readPeers("1-4, 8 9,12", 20)).toEqual([1, 2, 3, 4, 8, 9, 12]);
    expect(readPeers(" ", 20)).toBeNull();
    expect(readPeers("3-1", 20)).toBeInstanceOf(Error);
    expect(readPeers("x", 20)).toBeInstanceOf(Error);
    expect(readPeers("21", 20)).toEqual(new Error("there is no peer 21: this run has 20"));
    expect(readPeers("1-1000000", 1_000_000)).toBeInstanceOf(Error);
  });

  it("keep their order when others join", () => {
    expect(joined([5, 2], [2, 7, 0])).toEqual([5, 2, 7]);
  });
});
