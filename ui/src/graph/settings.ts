// What a person has set for all pictures: layout, gathering, hidden kinds of message, "fit".

import { computed, signal } from "@preact/signals";
import { COLLAPSES, type Collapse } from "../model/grouping";
import { route } from "../state/route";
import { LAYOUTS, type Layout, type Measure } from "./talk";

const look = (key: "layout" | "collapse" | "by") =>
  route.value.at === "run" ? route.value[key] : null;

/** The layout in the address; null for the default. */
export const layout = computed<Layout | null>(
  () => LAYOUTS.find((name) => name === look("layout")) ?? null,
);
/** What peers are gathered by. */
export const collapse = computed<Collapse>(
  () => COLLAPSES.find((name) => name === look("collapse")) ?? "none",
);
/** What makes links wide. */
export const by = computed<Measure>(() => (look("by") === "bytes" ? "bytes" : "count"));

/** Groups whose peers are shown one by one. */
export const opened = signal<number[]>([]);
/** The peer to which a path from the selected one is drawn. */
export const goal = signal<number | null>(null);
/** Kinds of message that are not drawn, by their index in the run. */
export const hiddenKinds = signal<ReadonlySet<number>>(new Set());
/** Grows when "fit" is asked for. */
export const fitAsked = signal(0);
/** The peer to bring into sight; a new object each time. */
export const sought = signal<{ peer: number } | null>(null);

/** Shows or hides a kind. */
export function toggleKind(kind: number): void {
  const next = new Set(hiddenKinds.peek());
  if (!next.delete(kind)) next.add(kind);
  hiddenKinds.value = next;
}

/** Shows a group's peers one by one, or gathers them again. */
export function toggleGroup(group: number): void {
  const now = opened.peek();
  opened.value = now.includes(group) ? now.filter((g) => g !== group) : [...now, group];
}
