// The keys of the page, wherever the focus is, unless somebody is typing.

import { fitAsked } from "../graph/settings";
import { letGo } from "../inspector/selected";
import { Status } from "../model/peers";
import { bench } from "../state/bench";
import { cursor, goLive, seek, seekEvent, step } from "../state/cursor";
import { act } from "../state/hands";
import { adjust, route, VIEWS } from "../state/route";
import { lassoed } from "../state/selection";
import { nextMark, timeline } from "../state/timeline";
import { isOffered } from "../state/views";
import { shiftPlaySpeed, togglePlay } from "../strip/playing";
import { helpOpen } from "./help";

/** What a key does; false when it has nothing to do here. */
type Press = () => boolean;

/** Is a key meant for the control that has the focus? */
function taken(event: KeyboardEvent): boolean {
  const at = event.target;
  if (!(at instanceof HTMLElement)) return false;
  if (at.isContentEditable || /^(SELECT|TEXTAREA)$/.test(at.tagName)) return true;
  if (at instanceof HTMLInputElement)
    return !["checkbox", "radio"].includes(at.type) || /^( |Arrow.*)$/.test(event.key);
  if (at.closest("dialog[open]")) return event.key !== "?";
  if (at.closest(".rows") && /^(Home|End)$/.test(event.key)) return true;
  // Space presses a button or opens a summary; that is what whoever is on it wants.
  return event.key === " " && at.closest("button, summary, a") !== null;
}

/** Moves the cursor by seconds of the run. */
function seconds(by: number): boolean {
  const at = cursor.peek();
  if (!at) return false;
  seek(at.t + by);
  return true;
}

function steps(by: number): boolean {
  if (!cursor.peek()) return false;
  step(by);
  return true;
}

function toMark(back: boolean): boolean {
  const at = cursor.peek();
  const mark = at && nextMark(timeline.peek()?.marks ?? [], at.t, back);
  if (!mark) return false;
  if (mark.event) seekEvent(mark.event);
  else seek(mark.t);
  return true;
}

/** The selected peer, or those in the lasso. */
function selectedPeers(): number[] {
  const at = route.peek();
  if (at.at !== "run") return [];
  return at.peer !== null ? [at.peer] : lassoed.peek();
}

function kill(): boolean {
  const numbers = selectedPeers();
  if (numbers.length === 0) return false;
  void act({ crash: { peers: { numbers } } });
  return true;
}

function pauseOrResume(): boolean {
  const numbers = selectedPeers();
  if (numbers.length === 0) return false;
  const paused = numbers.every((peer) => bench.peek()?.statusOf(peer) === Status.Paused);
  const peers = { numbers };
  void act(paused ? { resume: { peers } } : { pause: { peers } });
  return true;
}

function cut(): boolean {
  const at = route.peek();
  if (at.at !== "run" || at.link === null) return false;
  const [from, to] = at.link;
  void act({ cut: { from: { numbers: [from] }, to: { numbers: [to] }, both: true } });
  return true;
}

function search(): boolean {
  const at = route.peek();
  if (at.at !== "run") return false;
  // The space-time diagram searches by itself.
  if (at.view === "spacetime") return false;
  adjust({ view: "log" });
  requestAnimationFrame(() => document.getElementById("log-filter")?.focus());
  return true;
}

const PRESSES: Record<string, Press> = {
  "?": () => {
    helpOpen.value = true;
    return true;
  },
  " ": () => {
    if (!cursor.peek()) return false;
    togglePlay();
    return true;
  },
  ArrowLeft: () => steps(-1),
  ArrowRight: () => steps(1),
  "shift+ArrowLeft": () => seconds(-1),
  "shift+ArrowRight": () => seconds(1),
  Home: () => {
    if (!cursor.peek()) return false;
    seek(0);
    return true;
  },
  End: () => {
    if (!cursor.peek()) return false;
    goLive();
    return true;
  },
  "[": () => toMark(true),
  "]": () => toMark(false),
  "-": () => {
    shiftPlaySpeed(-1);
    return true;
  },
  "+": () => {
    shiftPlaySpeed(1);
    return true;
  },
  f: () => {
    fitAsked.value += 1;
    return true;
  },
  k: kill,
  p: pauseOrResume,
  x: cut,
  "/": search,
  Escape: () => {
    if (helpOpen.peek()) return false;
    letGo();
    return true;
  },
};

function press(event: KeyboardEvent): boolean {
  if (event.ctrlKey || event.metaKey || event.altKey || taken(event)) return false;
  const view = VIEWS[Number(event.key) - 1];
  if (view && isOffered(view, bench.peek())) {
    adjust({ view });
    return true;
  }
  const arrow = event.key.startsWith("Arrow");
  const of = PRESSES[arrow && event.shiftKey ? `shift+${event.key}` : event.key];
  return of?.() ?? false;
}

/** Listens to the keyboard, after the view that has the focus. */
export function followKeys(): void {
  addEventListener("keydown", (event) => {
    if (!event.defaultPrevented && press(event)) event.preventDefault();
  });
}
