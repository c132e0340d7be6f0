// What is selected: in the address, or inside the lasso.

import { adjust, route } from "../state/route";
import { lassoed, setLasso } from "../state/selection";

/** What is selected: one thing at a time. */
export type Selected =
  | { kind: "event"; event: string }
  | { kind: "link"; link: [number, number] }
  | { kind: "peer"; peer: number }
  | { kind: "many"; peers: number[] }
  | { kind: "run" };

/** What is selected now. */
export function selected(): Selected {
  const at = route.value;
  if (at.at !== "run") return { kind: "run" };
  if (at.event !== null) return { kind: "event", event: at.event };
  if (at.link !== null) return { kind: "link", link: at.link };
  if (at.peer !== null) return { kind: "peer", peer: at.peer };
  if (lassoed.value.length > 0) return { kind: "many", peers: lassoed.value };
  return { kind: "run" };
}

/** Lets go of whatever is selected. */
export function letGo(): void {
  setLasso([]);
  adjust({ peer: null, link: null, event: null });
}
