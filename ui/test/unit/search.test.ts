// What is typed into the search box, and what it asks for.

import { describe, expect, it } from "vitest";
import { EXAMPLES, isPattern, read } from "../../src/search/language";

describe("searches", () => {
  it.each([
    ["dropped", { kind: "dropped" }],
    ["sent push", { kind: "sent", name: "push" }],
    ["delivered push peer 3", { kind: "delivered", name: "push", peer: 3 }],
    ['sent push "two words" more', { kind: "sent", name: "push", text: "two words more" }],
    ["rumor 17", { text: "rumor 17" }],
    ["peer 12", { peer: 12 }],
    ["  ", {}],
  ])("%s", (words, query) => {
    expect(read(words)).toEqual(query);
  });

  it("leave patterns to the lab", () => {
    const pattern = 'sent push then delivered "a then b" within 500ms on the same peer';
    expect(read(` ${pattern} `)).toEqual({ pattern });
    expect(isPattern('note "then"')).toBe(false);
    expect(isPattern("sent not followed by delivered within 1s")).toBe(true);
  });

  it("are shown by examples that say something", () => {
    for (const [words] of EXAMPLES) expect(Object.keys(read(words)).length).toBeGreaterThan(0);
  });
});
