// Addresses: every view has one, and it can be shared.

import { describe, expect, it } from "vitest";
import { format, parse, type Route, runRoute } from "../../src/state/route";

describe("addresses", () => {
  const routes: Route[] = [
    { at: "bench", experiment: null },
    { at: "bench", experiment: "flood-faults" },
    runRoute("r1"),
    runRoute("2026-11-20T03-31-07Z-flood-42", { view: "log", peer: 3, community: "a/b c" }),
    runRoute("r1", { view: "spacetime", link: [3, 4], event: "3298534883329", t: 1.25 }),
    runRoute("r1", { view: "spacetime", span: [0.5, 1.25], rows: [3, 1], find: 'sent "a b"' }),
    { at: "compare", runs: ["r1", "2026-11-20T03-31-07Z-flood-42"] },
    { at: "explore", job: "j1" },
    { at: "sweep", job: "j2" },
    { at: "store", address: "127.0.0.1:40123" },
    { at: "store", address: "[::1]:40123" },
  ];

  it.each(routes)("come back as they went: %o", (route) => {
    expect(parse(format(route))).toEqual(route);
  });

  it("forgive what is not understood", () => {
    expect(parse("#/run/r1/nothing?peer=x")).toEqual(runRoute("r1"));
    expect(parse("#/run/r1/graph?t=-1&link=3&event=x")).toEqual(runRoute("r1"));
    expect(parse("#/run/r1/spacetime?from=2&to=1&rows=x,0")).toEqual(
      runRoute("r1", { view: "spacetime" }),
    );
    expect(parse("#/what/ever")).toEqual({ at: "bench", experiment: null });
    expect(parse("#/experiment/%E0%A4%A")).toEqual({ at: "bench", experiment: "%E0%A4%A" });
  });
});
