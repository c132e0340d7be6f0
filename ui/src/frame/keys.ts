// The keys of the page, wherever the focus is, unless somebody is typing.

import { fitAsked } from "../graph/settings";
import { adjust, route, VIEWS } from "../state/route";
import { helpOpen } from "./help";

function typing(event: KeyboardEvent): boolean {
  const at = event.target;
  if (!(at instanceof HTMLElement)) return false;
  return at.isContentEditable || /^(INPUT|SELECT|TEXTAREA)$/.test(at.tagName);
}

function press(event: KeyboardEvent): boolean {
  if (event.ctrlKey || event.metaKey || event.altKey || typing(event)) return false;
  const view = VIEWS[Number(event.key) - 1];
  if (view) {
    adjust({ view });
    return true;
  }
  switch (event.key) {
    case "?":
      helpOpen.value = true;
      return true;
    case "f":
      fitAsked.value += 1;
      return true;
    case "/":
      if (route.peek().at !== "run") return false;
      adjust({ view: "log" });
      requestAnimationFrame(() => document.getElementById("log-filter")?.focus());
      return true;
    case "Escape":
      if (helpOpen.peek()) return false;
      adjust({ peer: null });
      return true;
    default:
      return false;
  }
}

/** Listens to the keyboard. */
export function followKeys(): void {
  addEventListener("keydown", (event) => {
    if (press(event)) event.preventDefault();
  });
}
