// Statecharts: how they are arranged, which transitions flash.

import { describe, expect, it } from "vitest";
import type { Chart } from "../../src/api/history";
import { layoutOf } from "../../src/states/arrange";
import { merged, statesOf } from "../../src/states/charts";
import { transitionKey, transitionsIn } from "../../src/states/flash";
import { arrowsOf, INITIAL } from "../../src/states/layout";
import { line } from "./line";

const state = (name: string, parent: string | null = null) => ({ name, parent, peers_now: 0 });
const way = (
  from: string | null,
  to: string | null,
  count: number,
  trigger: string | null = null,
) => ({
  ...{ from, to, count, triggers: trigger ? ([[trigger, count]] as [string, number][]) : [] },
});

const chart: Chart = {
  name: "election",
  initial: "up",
  states: [state("up"), state("follower", "up"), state("leader", "up"), state("down")],
  transitions: [
    way(null, "follower", 3),
    way("follower", "leader", 2, "timeout"),
    way("follower", "leader", 1, "vote"),
    way("leader", "leader", 4),
    way("up", "down", 1, "crash"),
  ],
};

describe.each([true, false])("a chart, across: %s", (across) => {
  const layout = layoutOf(chart, across);
  const box = (name: string) => layout.boxes.find((b) => b.name === name);

  it("has a box for each state, within its parent's", () => {
    const up = box("up");
    for (const name of ["follower", "leader"]) {
      const inner = box(name);
      expect(inner && up).toBeTruthy();
      if (!inner || !up) continue;
      expect(inner.x).toBeGreaterThanOrEqual(up.x);
      expect(inner.y).toBeGreaterThan(up.y);
      expect(inner.x + inner.width).toBeLessThanOrEqual(up.x + up.width);
      expect(inner.y + inner.height).toBeLessThanOrEqual(up.y + up.height);
    }
    expect(box("down")?.parent).toBe(false);
    expect(box(INITIAL)).toBeDefined();
  });

  it("keeps boxes that are not nested apart, and everything in the picture", () => {
    const leaves = layout.boxes.filter((b) => !b.parent);
    for (const a of leaves)
      for (const b of leaves)
        if (a !== b)
          expect(
            a.x + a.width <= b.x ||
              b.x + b.width <= a.x ||
              a.y + a.height <= b.y ||
              b.y + b.height <= a.y,
          ).toBe(true);
    for (const b of layout.boxes) {
      expect(Math.min(b.x, b.y)).toBeGreaterThanOrEqual(0);
      expect(b.x + b.width).toBeLessThanOrEqual(layout.width);
      expect(b.y + b.height).toBeLessThanOrEqual(layout.height);
    }
  });

  it("ends an arrow from a state with states within at that state's edge", () => {
    const path = layout.paths.find((p) => p.from === "up" && p.to === "down");
    const [x, y] = path?.points[0] ?? [0, 0];
    const up = box("up");
    const inside = (px: number) =>
      up && x > up.x + px && x < up.x + up.width - px && y > up.y + px && y < up.y + up.height - px;
    expect(path).toBeDefined();
    expect(inside(1)).toBe(false);
  });
});

describe("a moment of the past", () => {
  it("has every state of the whole run, with the counts of then", () => {
    const whole = { charts: [chart], peers: { "1": ["up", "leader"] } };
    const then = {
      charts: [
        {
          ...chart,
          states: [{ ...state("follower", "up"), peers_now: 2 }],
          transitions: [way("follower", "leader", 1)],
        },
      ],
      peers: { "1": ["up", "follower"] },
    };
    const [now] = merged(whole, then).charts;
    expect(now?.states.map((s) => [s.name, s.peers_now])).toEqual([
      ["up", 0],
      ["follower", 2],
      ["leader", 0],
      ["down", 0],
    ]);
    expect(now?.transitions.map((w) => w.count)).toEqual([0, 1, 1, 0, 0]);
    expect(statesOf(merged(whole, then), "election", 1)).toEqual(["up", "follower"]);
    expect(statesOf(merged(whole, then), "another", 1)).toEqual([]);
  });
});

describe("transitions", () => {
  it("between the same states are one arrow with all its causes", () => {
    const arrows = arrowsOf(chart);
    expect(arrows).toHaveLength(3);
    expect(arrows[0]).toMatchObject({ count: 3, words: "timeout, vote × 3" });
  });

  it("are what a peer leaves and enters at once", () => {
    const of = (kind: string, peer: number, name: string, t = 1) =>
      line({ kind, peer, name, t, community: "election" });
    const found = transitionsIn([
      of("exited", 1, "follower"),
      of("exited", 2, "leader"),
      of("entered", 1, "candidate"),
      of("entered", 3, "follower"),
      of("entered", 2, "follower", 2),
    ]);
    expect(found).toEqual([
      transitionKey("election", "follower", "candidate"),
      transitionKey("election", null, "follower"),
    ]);
  });
});
