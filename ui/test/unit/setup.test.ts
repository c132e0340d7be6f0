// What to run: small pictures of experiments, ranges of seeds, lists of values.

import { describe, expect, it } from "vitest";
import type { Experiment, Param } from "../../src/api/types";
import { sketchOf, teaches, topologyOf } from "../../src/setup/drawing";
import { listedPoints, seedRange } from "../../src/setup/ranges";

function experiment(of: Partial<Experiment>): Experiment {
  return {
    ...{ name: "x", title: "X", about: "", protocol: "flood", modes: ["sim"], network: "" },
    ...{ parameters: [], faults: [], stop: "", source: "", broken: null },
    ...of,
  };
}

const peers: Param = { name: "peers", kind: "count", default: 6 };

describe("the picture of an experiment", () => {
  it("has the topology of its file", () => {
    expect(topologyOf("topology = lambda p: random_graph(p.degree),").name).toBe("random");
    expect(topologyOf("topology = ring(2),")).toEqual({ name: "ring", reach: 2 });
    expect(topologyOf("# topology = ring(2)\ntopology = grid()").name).toBe("grid");
    expect(topologyOf("").name).toBe("random");
  });

  it("draws who knows whom", () => {
    const links = (source: string) =>
      sketchOf(experiment({ parameters: [peers], source })).links.map((l) => [l.from, l.to]);
    expect(links("topology = full()")).toHaveLength(15);
    expect(links("topology = ring()")).toEqual([
      [0, 1],
      [0, 5],
      [1, 2],
      [2, 3],
      [3, 4],
      [4, 5],
    ]);
    expect(links("topology = grid()")).toHaveLength(7);
  });

  it("shows what goes wrong", () => {
    const quiet = sketchOf(experiment({ parameters: [peers] }));
    expect(quiet.split || quiet.peers.some((p) => p.down)).toBe(false);
    const faults = [
      { at_s: 0, text: "partition: peers from 0 to 50 % | the rest" },
      { at_s: 1, text: "3 random peers crash" },
    ];
    const broken = sketchOf(experiment({ parameters: [peers], faults, network: "50 % loss" }));
    expect(broken.split).toBe(true);
    expect(broken.peers.filter((p) => p.down)).toHaveLength(2);
    expect(broken.links.some((l) => l.lost)).toBe(true);
  });

  it("is the same each time, and small for many peers", () => {
    const many = experiment({ parameters: [{ ...peers, default: 1_000_000 }] });
    expect(sketchOf(many)).toEqual(sketchOf(many));
    expect(sketchOf(many).peers).toHaveLength(12);
  });

  it("goes with its first sentence", () => {
    expect(teaches("30.5 % is lost. The rest arrives.")).toBe("30.5 % is lost.");
    expect(teaches("No end")).toBe("No end");
  });
});

describe("several runs", () => {
  it("have seeds in a range", () => {
    expect(seedRange("1..100")).toEqual({ seeds: [1, 100], count: 100 });
    expect(seedRange(" 7 ")).toEqual({ seeds: [7, 7], count: 1 });
    expect(seedRange("9..3")).toMatchObject({ wrong: expect.stringContaining("write 3..9") });
    for (const wrong of ["", "a..b", "1..", "-1", "1,2"])
      expect(seedRange(wrong)).toHaveProperty("wrong");
  });

  it("have values of the parameter's kind", () => {
    expect(listedPoints(peers, "10, 20,50")).toEqual({ points: [10, 20, 50] });
    expect(listedPoints(peers, "10,,20")).toHaveProperty("wrong");
    expect(listedPoints(peers, "10,many")).toEqual({ wrong: 'values: "many" is no number' });
    const flag: Param = { name: "f", kind: "flag", default: true };
    expect(listedPoints(flag, "true, false")).toEqual({ points: [true, false] });
    const choice: Param = { name: "c", kind: "choice", default: "a", choices: ["a", "b"] };
    expect(listedPoints(choice, "a,c")).toEqual({ wrong: 'values: "c" is none of a, b' });
    const span: Param = { name: "s", kind: "span", default: "1s" };
    expect(listedPoints(span, "1s, 5s")).toEqual({ points: ["1s", "5s"] });
  });
});
