// Words and numbers, as people read them.

import { describe, expect, it } from "vitest";
import type { Run } from "../../src/api/types";
import { describe as tell } from "../../src/log/words";
import { asNumber, words } from "../../src/setup/field";
import { bytes, clock, count, moment, percent, plural, rate, span } from "../../src/words/format";
import { errorSentence, outcomeSentence, runTitle } from "../../src/words/sentences";
import { line } from "./line";

describe("numbers", () => {
  it("have SI prefixes and three significant digits", () => {
    expect([0, 999, 1000, 1204, 34_000, 999_499, 999_500, 2.5e9].map(count)).toEqual([
      ...["0", "999", "1.00 k", "1.20 k", "34.0 k", "999 k", "1.00 M", "2.50 G"],
    ]);
    expect([0, 512, 1500].map(bytes)).toEqual(["0 B", "512 B", "1.50 kB"]);
    expect([0, 0.25, 12_345].map(rate)).toEqual(["0/s", "0.250/s", "12.3 k/s"]);
  });

  it("give times in the unit that fits", () => {
    expect([0, 0.00042, 0.0123, 0.42, 7.312, 73.14, 123, 3720].map(span)).toEqual([
      ...["0 s", "420 µs", "12.3 ms", "0.420 s", "7.31 s", "73.1 s", "2 min 03 s", "1 h 02 min"],
    ]);
    expect([0, 7.39, 61, 3600].map(clock)).toEqual(["00:00.0", "00:07.3", "01:01.0", "1:00:00.0"]);
  });

  it("say 100 % only when it is all", () => {
    expect([0, 0.004, 0.42, 0.9999, 1].map(percent)).toEqual([
      "0 %",
      "0.4 %",
      "42 %",
      "99 %",
      "100 %",
    ]);
  });

  it("agree with their noun", () => {
    expect(plural(1, "peer")).toBe("1 peer");
    expect(plural(1000000, "peer")).toBe("1,000,000 peers");
  });

  it("leave a moment that is none as it is", () => {
    expect(moment("soon")).toBe("soon");
  });
});

describe("sentences", () => {
  const run: Run = {
    ...{ id: "r1", name: "r1", experiment: "flood", title: "Flood", mode: "processes", seed: 42 },
    ...{ state: "ended", outcome: "completed", started: "", events: 9, live: true, peers: 10 },
    ...{ virtual_seconds: 0.42, wall_seconds: 1, digest: null, folder: null, pids: [] },
    ...{ messages: { sent: 0, delivered: 0, dropped: 0, bytes: 0 }, error: null },
    targets: { messages: { met: 10, peers: 10 } },
  };

  it("say how a run ended", () => {
    expect(outcomeSentence(run)).toBe("Completed: 10 of 10 peers have all messages after 0.420 s.");
    const some = { ...run, targets: { a: { met: 10, peers: 10 }, b: { met: 1, peers: 10 } } };
    expect(outcomeSentence({ ...some, outcome: "time-limit" })).toMatch(
      /^Time limit: 1 of 10 peers has all b after 0.420 s\. Raise the time limit/,
    );
    expect(outcomeSentence({ ...run, outcome: "failed", error: "no room" })).toBe(
      "Failed after 0.420 s: no room.",
    );
  });

  it("name a run", () => {
    expect(runTitle(run)).toBe("seed 42 · 10 processes");
    expect(runTitle({ ...run, mode: "sim", peers: 1 })).toBe("seed 42 · 1 peer · simulated");
    expect(runTitle({ ...run, mode: "reporter", seed: null })).toBe("10 peers · reporter");
  });

  it("put the place before an error, once, and what to do behind", () => {
    const error = { field: "messages", message: "expected a number", line: 1, column: 14 };
    expect(errorSentence(error)).toBe("line 1, column 14: expected a number");
    const told = { ...error, message: "line 1, column 14: expected a number", next: "type one" };
    expect(errorSentence(told)).toBe("line 1, column 14: expected a number; type one");
  });

  it("tell an event", () => {
    expect(tell(line({ kind: "sent", name: "rumor", other: 7, bytes: 96 }))).toBe(
      "rumor to 7 · 96 B",
    );
    expect(tell(line({ kind: "dropped", name: "rumor", other: 7, text: "loss" }))).toBe(
      "rumor to 7 · loss",
    );
    expect(tell(line({ kind: "progress", name: "messages", value: 10, goal: 50 }))).toBe(
      "messages: 10/50",
    );
  });
});

describe("the form", () => {
  it("sends a number only for what is written like one", () => {
    expect(["10", " 7 ", "0.01", "1.", "", "1e3", "ten"].map(asNumber)).toEqual([
      ...[10, 7, 0.01, "1.", "", "1e3", "ten"],
    ]);
  });

  it("writes names as words", () => {
    expect(words("anti_entropy")).toBe("anti entropy");
  });
});
