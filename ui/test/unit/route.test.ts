// Addresses: every view has one, and it can be shared.

import { describe, expect, it } from "vitest";
import { format, parse, type Route } from "../../src/state/route";

describe("addresses", () => {
  const routes: Route[] = [
    { at: "bench", experiment: null },
    { at: "bench", experiment: "flood-faults" },
    { at: "run", run: "r1", view: "graph", peer: null, community: null },
    { at: "run", run: "2026-11-20T03-31-07Z-flood-42", view: "log", peer: 3, community: "a/b c" },
  ];

  it.each(routes)("come back as they went: %o", (route) => {
    expect(parse(format(route))).toEqual(route);
  });

  it("forgive what is not understood", () => {
    expect(parse("#/run/r1/nothing?peer=x")).toEqual({
      ...{ at: "run", run: "r1", view: "graph", peer: null, community: null },
    });
    expect(parse("#/what/ever")).toEqual({ at: "bench", experiment: null });
    expect(parse("#/experiment/%E0%A4%A")).toEqual({ at: "bench", experiment: "%E0%A4%A" });
  });
});
