// The five steps of the tour, on the flood run: what to do, where, and how one knows that it is done.

import type { Bench } from "../model/run";
import { bench } from "../state/bench";
import { inPast } from "../state/cursor";
import { chosen } from "../state/draft";
import { branchOpen, planFaults } from "../state/hands";
import { route } from "../state/route";

/** One step. */
export interface Step {
  title: string;
  text: string;
  /** What it is about, as a selector; the first that is there. */
  at: readonly string[];
  /** On which side of it the words stand. */
  side: "right" | "left" | "above";
  /** Has it been done? Read within an effect. */
  done: () => boolean;
}

const peerSelected = () => route.value.at === "run" && route.value.peer !== null;
const byHand = (of: Bench | null) => of !== null && (of.run.by_hand ?? 0) > 0;
const isBranch = (of: Bench | null) => of?.run.parent != null;

export const STEPS: readonly Step[] = [
  {
    title: "Choose an experiment",
    text: "An experiment is a protocol with its parameters, a network and its faults. Take the flood community: every peer passes on what it hears.",
    at: ['[data-testid="experiment-flood"]', ".gallery"],
    side: "right",
    done: () => chosen.value === "flood" && bench.value !== null,
  },
  {
    title: "Run it",
    text: "Press Run, or Enter. It is simulated with a seed: the same seed gives the same run. As processes, the same protocol runs for real.",
    at: ['[data-testid="run"]'],
    side: "right",
    done: () => bench.value !== null,
  },
  {
    title: "Watch a peer",
    text: "Each disc is a peer, and the ring around it fills as its target does. Click one: its targets, its state and its messages are on the right.",
    at: [".pictures", '[data-testid="graph-canvas"]'],
    side: "right",
    done: peerSelected,
  },
  {
    title: "Drag time back",
    text: "The timeline holds the whole run. Drag its cursor, or press ← for one event back: the picture and the peer's state are those of that moment.",
    at: ['[data-testid="timeline"]'],
    side: "above",
    done: () => inPast.value,
  },
  {
    title: "Break something",
    text: "Kill the peer, pause it, or cut a link. In a run under way it happens now; in the past it begins a branch, and you can compare the two.",
    at: ['[data-testid="breaking"]', ".panel.right"],
    side: "left",
    done: () =>
      branchOpen.value ||
      byHand(bench.value) ||
      isBranch(bench.value) ||
      (bench.value !== null && planFaults(bench.value.run).length > 0),
  },
];
