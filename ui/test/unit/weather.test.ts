// What is wrong with the network at a moment, and the signs of it on a picture's links.

import { describe, expect, it } from "vitest";
import type { Fault } from "../../src/api/faults";
import { brokenOf } from "../../src/graph/paint/broken";
import { Links } from "../../src/graph/paint/links";
import { Scene, unitsOf } from "../../src/graph/paint/scene";
import { WeatherBook, weatherOn } from "../../src/model/weather";
import { benchOf } from "./bench";

const span = (ms: number) => ({ secs: Math.floor(ms / 1000), nanos: (ms % 1000) * 1e6 });
const good = {
  ...{ loss: 0, duplication: 0, reordering: 0, bandwidth: null },
  ...{ reordering_by: span(0), delay: span(0) },
};

describe("the network's faults", () => {
  const numbers = (...numbers: number[]) => ({ numbers });
  const lossy = { ...good, loss: 0.3 };
  const slow = { ...good, delay: span(3) };
  const drawn = { random: { count: 1, draw: 4, peers: [5] } };
  const at = (s: number, fault: Fault) => ({ at: span(s * 1000), fault });
  const plan = {
    network: { conditions: good },
    faults: [
      at(2, { link: { from: "all", to: numbers(3), conditions: lossy } }),
      at(1, { cut: { from: numbers(1), to: numbers(2), both: false } }),
      at(3, { link: { from: numbers(1), to: numbers(3), conditions: null } }),
      at(4, { partition: { groups: [drawn] } }),
      at(5, { conditions: slow }),
      at(6, "heal"),
    ],
  };
  const bookAt = (t: number) => {
    const book = new WeatherBook();
    book.look(plan, t, 6);
    return book.weather;
  };
  const on = (t: number, from: number, to: number) => weatherOn(bookAt(t), from, to);

  it("are those of the plan up to the moment, the last one for a link", () => {
    expect(on(0.9, 1, 2)).toEqual({ apart: false, cut: false, own: null });
    expect([on(1, 1, 2).cut, on(1, 2, 1).cut]).toEqual([true, false]);
    expect([on(2, 1, 3).own, on(2, 3, 1).own]).toEqual([lossy, null]);
    expect([on(3, 1, 3).own, on(3, 2, 3).own]).toEqual([null, lossy]);
    expect([on(4, 5, 6).apart, on(4, 1, 6).apart]).toEqual([true, false]);
    expect([bookAt(4).isOther, bookAt(5).everywhere]).toEqual([false, slow]);
    const healed = bookAt(6);
    expect(weatherOn(healed, 1, 2)).toEqual({ apart: false, cut: false, own: null });
    expect([healed.sides, healed.everywhere]).toEqual([null, slow]);
  });

  it("are told when they become others, also back in time", () => {
    const book = new WeatherBook();
    expect([0, 0.5, 1, 1.5, 0.5, 0.4].map((t) => book.look(plan, t, 6))).toEqual([
      ...[true, false, true, false, true, false],
    ]);
    expect(book.look({ ...plan }, 0.4, 6)).toBe(true);
  });

  it("leave their signs on the links seen, one way each", () => {
    const bench = benchOf(6, [
      [1, 2, 0, 1],
      [2, 1, 0, 1],
      [1, 3, 0, 1],
      [2, 3, 0, 1],
    ]);
    const links = new Links();
    const scene = new Scene(bench, unitsOf(bench, null, null, []), null);
    links.gather(bench, scene, null, new Set());
    const { marks, report } = brokenOf(links.list, scene.count, bookAt(2));
    expect(marks).toEqual([
      { from: 0, to: 1, isCut: true },
      { from: 0, to: 2, isCut: false },
      { from: 1, to: 2, isCut: false },
    ]);
    expect(report).toEqual({ isBroken: true, cut: 1, worse: 2, conditions: lossy });
    expect(brokenOf(links.list, scene.count, bookAt(6)).report.isBroken).toBe(false);
  });
});
