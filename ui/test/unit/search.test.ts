// What is typed into the search box, and what it asks for.

import { describe, expect, it } from "vitest";
import { EXAMPLES, isPattern, read } from "../../src/search/language";

describe("searches", () => {
  it.each([
    ["dropped", { pattern: "dropped" }],
    [" sent push peer 3 ", { pattern: "sent push peer 3" }],
    ['"two words" peer 3', { pattern: '"two words" peer 3' }],
    ["peer 12", { pattern: "peer 12" }],
    ["rumor 17", { text: "rumor 17" }],
    ["  ", { text: "" }],
  ])("%s", (words, query) => {
    expect(read(words)).toEqual(query);
  });

  it("leave patterns to the lab", () => {
    const pattern = 'sent push then delivered "a then b" within 500ms on the same peer';
    expect(read(` ${pattern} `)).toEqual({ pattern });
    expect(isPattern('note "then"')).toBe(false);
    expect(isPattern("sent not followed by delivered within 1s")).toBe(true);
  });

  it("are shown by examples that the lab reads", () => {
    for (const [words] of EXAMPLES) expect(read(words)).toEqual({ pattern: words });
  });
});
