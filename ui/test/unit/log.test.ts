// The log view: joining what the lab found with what was heard live.

import { expect, it } from "vitest";
import { append, join } from "../../src/log/lines";
import { isGap } from "../../src/model/journal";
import { line } from "./line";

const names = (entries: readonly object[]) =>
  entries.map((e) => ("gap" in e ? `+${e.gap}` : (e as { id: string }).id));

it("continues behind the last line that both know", () => {
  const found = ["1", "2", "3"].map((id) => line({ id, t: Number(id) }));
  const heard = [{ gap: 4 }, line({ id: "3", t: 3 }), { gap: 2 }, line({ id: "9", t: 9 })];
  expect(names(join(found, heard))).toEqual(["1", "2", "3", "+2", "9"]);
});

it("shows what was heard when nothing was found, and what was found when nothing was heard", () => {
  const heard = [line({ id: "1" })];
  expect(join([], heard)).toBe(heard);
  expect(names(join([line({ id: "7" })], []))).toEqual(["7"]);
});

it("leaves out what was heard before the found lines end", () => {
  const found = [line({ id: "5", t: 5 })];
  const heard = [line({ id: "4", t: 4 }), line({ id: "6", t: 6 })];
  expect(names(join(found, heard)).filter((n) => !n.startsWith("+"))).toEqual(["5", "6"]);
});

it("appends a newer page without repeating a line", () => {
  const known = [line({ id: "1" }), line({ id: "2" })];
  expect(append(known, [line({ id: "2" }), line({ id: "3" })]).map((e) => e.id)).toEqual([
    ...["1", "2", "3"],
  ]);
  expect(append(known, [line({ id: "2" })])).toBe(known);
  expect(known.every((e) => !isGap(e))).toBe(true);
});
