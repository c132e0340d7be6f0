// What a person has set for all pictures: layout, hidden kinds of message, "fit".

import { signal } from "@preact/signals";
import type { Layout } from "./stage";

export const layout = signal<Layout>("circle");
/** Kinds of message that are not drawn, by their index in the run. */
export const hiddenKinds = signal<ReadonlySet<number>>(new Set());
/** Grows when "fit" is asked for. */
export const fitAsked = signal(0);

/** Shows or hides a kind. */
export function toggleKind(kind: number): void {
  const next = new Set(hiddenKinds.peek());
  if (!next.delete(kind)) next.add(kind);
  hiddenKinds.value = next;
}
