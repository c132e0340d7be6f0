// The graph's layouts and what is found in it: places, trees, groups, partitions, paths, lassos.

import { describe, expect, it } from "vitest";
import type { PeerRow } from "../../src/api/types";
import { inPolygon } from "../../src/graph/lasso";
import { scale } from "../../src/graph/layout/mds";
import { geographic, sunflower } from "../../src/graph/layout/places";
import { type Branch, branchesOf, forest, radial, wayTo } from "../../src/graph/layout/tree";
import { nearest, Places } from "../../src/graph/nearby";
import { Arrangement } from "../../src/graph/paint/arrange";
import { hitLink } from "../../src/graph/paint/hit";
import { Links } from "../../src/graph/paint/links";
import { shortest } from "../../src/graph/paint/paths";
import { Scene, unitsOf } from "../../src/graph/paint/scene";
import { packed } from "../../src/graph/tree";
import { connected, grouping } from "../../src/model/grouping";
import { partitionAt, sidesOf } from "../../src/model/partition";
import { sitesOf } from "../../src/model/places";
import type { Bench } from "../../src/model/run";
import { revive, snapshot } from "../../src/model/snapshot";
import { benchOf } from "./bench";

const span = (ms: number) => ({ secs: Math.floor(ms / 1000), nanos: (ms % 1000) * 1e6 });
const REGIONS = {
  network: {
    latency: {
      regions: {
        names: ["eu", "us", "asia"],
        latency: [5, 40, 90, 40, 5, 80, 90, 80, 5].map(span),
      },
    },
  },
};

function distance(points: Float32Array, a: number, b: number): number {
  const at = (i: number) => points[i] ?? 0;
  return Math.hypot(at(2 * a) - at(2 * b), at(2 * a + 1) - at(2 * b + 1));
}

describe("places", () => {
  it("keep the proportions of distances that fit into a plane", () => {
    const corners = [0, 0, 3, 0, 3, 4, 0, 4];
    const given = new Float64Array(16);
    for (let a = 0; a < 4; a++)
      for (let b = 0; b < 4; b++) given[4 * a + b] = distance(Float32Array.from(corners), a, b);
    const points = scale(given, 4);
    const unit = distance(points, 0, 1) / 3;
    expect(distance(points, 1, 2) / unit).toBeCloseTo(4, 3);
    expect(distance(points, 0, 2) / unit).toBeCloseTo(5, 3);
    expect(distance(points, 1, 3) / unit).toBeCloseTo(5, 3);
  });

  it("are in the plan when it has regions or a small matrix", () => {
    expect(sitesOf(REGIONS)?.names).toEqual(["eu", "us", "asia"]);
    expect(sitesOf(REGIONS)?.latency[2]).toBeCloseTo(0.09);
    const matrix = { sites: 2, round_trip_us: [100, 20_000, 20_000, 100] };
    expect(sitesOf({ network: { latency: { matrix } } })?.latency[1]).toBeCloseTo(0.01);
    expect(sitesOf({ network: { latency: { constant: span(5) } } })).toBeNull();
    expect(sitesOf(null)).toBeNull();
  });

  it("hold their peers together: number p at place (p - 1) % places", () => {
    const sites = sitesOf(REGIONS);
    if (!sites) throw new Error("there are regions");
    const peers = Array.from({ length: 30 }, (_, i) => i + 1);
    const points = geographic(sites, peers);
    // Three more points: the middles of the places.
    const all = Float32Array.from([...points, 0, 0, 0, 0, 0, 0]);
    for (let i = 0; i < 30; i++)
      for (const axis of [0, 1])
        all[60 + 2 * (i % 3) + axis] =
          (all[60 + 2 * (i % 3) + axis] ?? 0) + (points[2 * i + axis] ?? 0) / 10;
    for (let i = 0; i < 30; i++) {
      const far = [0, 1, 2].map((site) => distance(all, i, 30 + site));
      expect(far.indexOf(Math.min(...far))).toBe(i % 3);
    }
  });

  it("give every peer of a place a spot of its own", () => {
    const spots = sunflower(200, 1, 2, 0.5);
    for (let i = 0; i < 200; i++) {
      expect(Math.hypot((spots[2 * i] ?? 0) - 1, (spots[2 * i + 1] ?? 0) - 2)).toBeLessThan(0.5);
      for (let j = 0; j < i; j++) expect(distance(spots, i, j)).toBeGreaterThan(0.02);
    }
  });
});

describe("the tree of first deliveries", () => {
  const branches: Branch[] = [
    { peer: 2, parent: 1, t: 0.1 },
    { peer: 3, parent: 1, t: 0.2 },
    { peer: 4, parent: 3, t: 0.3 },
  ];

  it("puts who began into the middle and each message one ring further", () => {
    const points = radial(branches, [1, 2, 3, 4]);
    const far = [0, 1, 2, 3].map((i) => Math.hypot(points[2 * i] ?? 0, points[2 * i + 1] ?? 0));
    expect(far[0]).toBeCloseTo(0);
    expect(far[1]).toBeCloseTo(0.5);
    expect(far[2]).toBeCloseTo(0.5);
    expect(far[3]).toBeCloseTo(1);
  });

  it("puts those whom nobody reached outside", () => {
    const points = radial(branches, [1, 2, 3, 4, 5]);
    expect(Math.hypot(points[8] ?? 0, points[9] ?? 0)).toBeCloseTo(1.25);
  });

  it("tells the way to a peer", () => {
    expect(wayTo(branches, 4)).toEqual([1, 3, 4]);
    expect(wayTo(branches, 1)).toEqual([1]);
  });

  it("begins with the first of those that heard from each other", () => {
    const circle = [
      { peer: 2, parent: 1, t: 0.2 },
      { peer: 1, parent: 2, t: 0.1 },
      { peer: 3, parent: 2, t: 0.3 },
    ];
    const grown = forest(circle);
    expect(grown.map((b) => b.peer)).toEqual([2, 3]);
    expect(wayTo(grown, 3)).toEqual([1, 2, 3]);
    const points = radial(grown, [1, 2, 3]);
    expect(Math.max(...points.map(Math.abs))).toBeLessThanOrEqual(1.0001);
  });

  it("travels between threads", () => {
    expect(branchesOf(packed(branches))).toEqual(branches);
  });
});

describe("partitions", () => {
  const plan = {
    faults: [
      { at: span(6000), fault: "heal" },
      {
        at: span(3000),
        fault: { partition: { groups: [{ numbers: [2, 4] }, { share: { from: 0, to: 0.5 } }] } },
      },
    ],
  };

  it("are in force from their time until they are healed", () => {
    expect(partitionAt(plan, 2.9)).toBeNull();
    expect(partitionAt(plan, 3)).toHaveLength(2);
    expect(partitionAt(plan, 5.9)).toHaveLength(2);
    expect(partitionAt(plan, 6)).toBeNull();
    expect(partitionAt(undefined, 6)).toBeNull();
  });

  it("put each peer on the first side that has it, and the rest on one more", () => {
    const sides = sidesOf(partitionAt(plan, 4) ?? [], 6);
    expect([...(sides?.of.slice(1) ?? [])]).toEqual([1, 0, 1, 0, 2, 2]);
    expect(sides?.counts).toEqual([2, 2, 2]);
    expect(sidesOf(["all"], 3)?.counts).toEqual([3]);
  });

  it("are those that the run drew, and not guessed when nobody said which", () => {
    const drawn = { count: 2, draw: 1 };
    expect(sidesOf([{ random: drawn }], 6)).toBeNull();
    const sides = sidesOf([{ random: { ...drawn, peers: [2, 5] } }], 6);
    expect([...(sides?.of.slice(1) ?? [])]).toEqual([1, 0, 1, 1, 0, 1]);
  });
});

describe("groups", () => {
  it("hold those who are connected, whatever the direction", () => {
    const bench = benchOf(6, [
      [3, 2, 0, 1],
      [3, 4, 0, 1],
      [6, 5, 0, 1],
    ]);
    const { of, counts, names } = connected(bench.edges, 6);
    expect([...of.slice(1)]).toEqual([0, 1, 1, 1, 2, 2]);
    expect(counts).toEqual([1, 3, 2]);
    expect(names[1]).toBe("With peer 2");
  });

  it("do not hold those whose messages were all lost", () => {
    const bench = benchOf(2, []);
    bench.take({ type: "frame", t: 1, edges: [[1, 2, 0, 0, 3, 96, 3]] });
    expect(connected(bench.edges, 2).counts).toEqual([1, 1]);
  });

  it("stand for their peers until they are opened; a group of one is its peer", () => {
    const bench = benchOf(4, [
      [1, 2, 0, 1],
      [2, 3, 0, 1],
      [3, 4, 0, 1],
    ]);
    bench.run.plan = {
      network: {
        latency: { regions: { names: ["a", "b", "c"], latency: new Array(9).fill(span(5)) } },
      },
    };
    const groups = grouping(bench, "place");
    expect(groups?.counts).toEqual([2, 1, 1]);
    expect([...unitsOf(bench, null, groups, [])]).toEqual([-1, 2, 3]);
    expect([...unitsOf(bench, null, groups, [0])]).toEqual([1, 2, 3, 4]);
    const scene = new Scene(bench, unitsOf(bench, null, groups, []), groups);
    const links = new Links();
    links.gather(bench, scene, null, new Set());
    const ends = links.list.map((l) => [scene.units[l.from], scene.units[l.to]]);
    expect(ends).toEqual([
      [-1, 2],
      [2, 3],
      [3, -1],
    ]);
  });

  it("sum up the links between them", () => {
    const bench = benchOf(4, [
      [1, 3, 0, 1],
      [2, 4, 0, 2],
      [1, 2, 0, 3],
    ]);
    const groups = { of: Int32Array.from([-1, 0, 0, 1, 1]), names: ["a", "b"], counts: [2, 2] };
    const scene = new Scene(bench, unitsOf(bench, null, groups, []), groups);
    const links = new Links();
    links.gather(bench, scene, null, new Set());
    expect(links.list).toHaveLength(1);
    expect(links.list[0]).toMatchObject({ from: 0, to: 1, count: 2, bytes: 192, last: 2 });
  });
});

describe("ways", () => {
  const edgesOf = (links: [number, number][]) =>
    benchOf(
      9,
      links.map(([a, b]) => [a, b, 0, 1]),
    ).edges.list;

  it("are as short as can be, along the messages", () => {
    const edges = edgesOf([
      [1, 2],
      [2, 3],
      [3, 4],
      [1, 5],
      [5, 4],
    ]);
    expect(shortest(edges, 1, 4)).toEqual({ peers: [1, 5, 4], forward: true });
  });

  it("go against messages only when there is no other", () => {
    const edges = edgesOf([
      [2, 1],
      [2, 3],
    ]);
    expect(shortest(edges, 1, 3)).toEqual({ peers: [1, 2, 3], forward: false });
    expect(shortest(edges, 1, 9)).toBeNull();
    expect(shortest(edges, 1, 1)).toEqual({ peers: [1], forward: true });
  });
});

describe("what is under the pointer", () => {
  function placed(units: number[], places: number[]) {
    return {
      ...{ units: Int32Array.from(units), places: Float32Array.from(places), sizes: null },
      ...{ gap: 1, inner: null, anew: false },
    };
  }

  it("is the nearest disc within its reach, as by looking at each", () => {
    let seed = 7;
    const random = () => {
      seed = (seed * 1103515245 + 12345) % 2147483648;
      return seed / 2147483648;
    };
    const spots = Array.from({ length: 400 }, random);
    const all = placed(
      Array.from({ length: 200 }, (_, i) => i + 1),
      spots,
    );
    const index = new Places(all);
    for (let i = 0; i < 300; i++) {
      const at: [number, number] = [random() * 1.2 - 0.1, random() * 1.2 - 0.1];
      const far = (k: number) =>
        Math.hypot((spots[2 * k] ?? 0) - at[0], (spots[2 * k + 1] ?? 0) - at[1]);
      const best = [...all.units.keys()].reduce((a, b) => (far(b) < far(a) ? b : a));
      expect(nearest(index, at, () => 0.03)).toBe(
        far(best) <= Math.fround(0.03) + 1e-7 ? best : -1,
      );
    }
  });

  it("is a peer before the group it stands in", () => {
    const index = new Places(placed([-1, 5], [0, 0, 0.4, 0]));
    expect(nearest(index, [0.35, 0], (i) => (i === 0 ? 1 : 0.1))).toBe(1);
    expect(nearest(index, [-0.3, 0], (i) => (i === 0 ? 1 : 0.1))).toBe(0);
  });

  it("is a link when it is close to its line or curve", () => {
    const bench = benchOf(2, [[1, 2, 0, 1]]);
    const scene = new Scene(bench, unitsOf(bench, null, null, []), null);
    scene.places = Float32Array.from([-1, 0, 1, 0]);
    const links = new Links();
    links.gather(bench, scene, null, new Set());
    const look = [
      { x: 0, y: 0, scale: 100 },
      { width: 400, height: 200 },
    ] as const;
    const hit = (at: [number, number], curved: boolean) =>
      hitLink(links.list, scene, ...look, at, curved) !== null;
    expect(hit([200, 103], false)).toBe(true);
    expect(hit([200, 110], false)).toBe(false);
    // The curve bows by half of 0.09 of its length in its middle.
    expect(hit([200, 109], true)).toBe(true);
    expect(hit([200, 100], true)).toBe(false);
  });

  it("is inside a lasso, also one with a bay", () => {
    const bay: [number, number][] = [
      [0, 0],
      [10, 0],
      [10, 10],
      [5, 2],
      [0, 10],
    ];
    expect(inPolygon([2, 2], bay)).toBe(true);
    expect(inPolygon([8, 3], bay)).toBe(true);
    expect(inPolygon([5, 8], bay)).toBe(false);
    expect(inPolygon([11, 1], bay)).toBe(false);
    expect(inPolygon([1, 1], [])).toBe(false);
  });
});

describe("an arrangement", () => {
  const sceneOf = (bench: Bench) => new Scene(bench, unitsOf(bench, null, null, []), null);

  it("stays as it is when the run is told anew", () => {
    const bench = benchOf(12, []);
    const arrangement = new Arrangement(() => {});
    const before = sceneOf(bench);
    expect(arrangement.place(before, "ring")).toBe(true);
    arrangement.drag(3, 0.2, 0.3, false);
    const after = sceneOf(bench);
    expect(arrangement.place(after, "ring")).toBe(false);
    expect([...after.places]).toEqual([...before.places]);
    expect(after.places[4]).toBeCloseTo(0.2);
  });

  it("takes the protocol's own places", () => {
    const bench = benchOf(2, []);
    bench.take({
      type: "frame",
      t: 1,
      positions: [
        [1, 0.5, 0.25],
        [2, 1, 1],
      ],
    });
    const scene = sceneOf(bench);
    new Arrangement(() => {}).place(scene, "own");
    expect([...scene.places]).toEqual([0, -0.5, 1, 1]);
  });
});

it("is the same run on another thread", () => {
  const bench = benchOf(3, [
    [1, 2, 0, 0.5],
    [1, 2, 1, 1.5],
    [2, 3, 0, 1],
  ]);
  const rows: PeerRow[] = [[2, 3, 1, [[0, 4, 8]], [0], 77]];
  bench.take({ type: "frame", t: 2, peers: rows, labels: { 3: "ten" }, edges_hidden: 5 });
  const copy = revive(structuredClone(snapshot(bench)));
  expect(copy.edges.list).toEqual(bench.edges.list);
  expect(copy.edges.hidden).toBe(5);
  expect(copy.t).toBe(bench.t);
  expect(copy.peers.targets(2)).toEqual([[0, 4, 8]]);
  expect([...copy.peers.status]).toEqual([...bench.peers.status]);
  expect(copy.peers.label(3)).toBe("ten");
  expect(copy.caption(2)).toBe(bench.caption(2));
});
