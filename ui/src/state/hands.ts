// Breaking a run by hand. What is done to a run under way happens at once; in the past it is gathered
// for a branch, which leaves the run as it is and goes on from there.

import { batch, computed, signal } from "@preact/signals";
import { LabError } from "../api/client";
import { branch, type Fault, inject, type Timed } from "../api/faults";
import type { Run, Value } from "../api/types";
import { complain, tell } from "../frame/toast";
import { words } from "../setup/field";
import { faultWords } from "../words/faults";
import { span } from "../words/format";
import { bench, refreshRun, watchRun } from "./bench";
import { cursor, inPast } from "./cursor";
import { loadRuns } from "./gallery";
import { go, runRoute } from "./route";
import { refreshTimeline } from "./timeline";

/** What can be done to the open run where the cursor stands. */
export type Hands =
  | { can: "inject" }
  | { can: "branch" }
  /** Nothing, and why. */
  | { can: "nothing"; why: string };

/** What can be done here and now. */
export const hands = computed<Hands>(() => {
  watchRun();
  const run = bench.value?.present;
  if (!run) return { can: "nothing", why: "No run is open." };
  return handsOf(run, inPast.value);
});

/** What can be done to a run, at its present or in its past. */
export function handsOf(run: Run, past: boolean): Hands {
  const going = run.live && run.state !== "ended";
  if (going && !past) return { can: "inject" };
  if (run.mode === "sim")
    return run.folder || run.live
      ? { can: "branch" }
      : { can: "nothing", why: "This run keeps no recording, so no branch can begin in it." };
  return {
    can: "nothing",
    why: going
      ? "This is the past of real processes. Go live to break them."
      : "These were real processes, and they have ended. Simulate the experiment to branch it.",
  };
}

/** What a branch will do differently. */
export interface BranchDraft {
  faults: Fault[];
  /** Parameters with another value from there on. */
  values: Record<string, Value>;
}

const NOTHING: BranchDraft = { faults: [], values: {} };

export const branchDraft = signal<BranchDraft>(NOTHING);
export const branchOpen = signal(false);
export const saveOpen = signal(false);
/** Is something on its way to the lab? */
export const busy = signal(false);

function sentence(error: unknown): string {
  return error instanceof LabError ? error.sentence : String(error);
}

/** Does something to the open run: now, or in a branch from the cursor on. */
export async function act(...more: Fault[]): Promise<void> {
  const now = hands.peek();
  if (now.can === "nothing") complain(now.why);
  else if (now.can === "inject") for (const fault of more) await injectNow(fault);
  else {
    const { faults, values } = branchDraft.peek();
    batch(() => {
      branchDraft.value = { faults: [...faults, ...more], values };
      branchOpen.value = true;
    });
  }
}

async function injectNow(fault: Fault): Promise<void> {
  const of = bench.peek();
  if (!of) return;
  busy.value = true;
  try {
    const { at_s, text } = await inject(of.run.id, fault);
    tell(`At ${span(at_s)}: ${text || faultWords(fault)}.`);
    refreshTimeline();
    await refreshRun();
  } catch (error) {
    complain(sentence(error));
  } finally {
    busy.value = false;
  }
}

/** Changes what the branch will do. */
export function changeBranch(change: Partial<BranchDraft>): void {
  branchDraft.value = { ...branchDraft.peek(), ...change };
}

/** Begins the branch at the cursor, and puts it on the bench. Gives a sentence when it cannot be. */
export async function startBranch(speed: string): Promise<string | null> {
  const run = bench.peek()?.run;
  const at = cursor.peek();
  if (!run || !at) return "No run is open.";
  const { faults, values } = branchDraft.peek();
  busy.value = true;
  try {
    const id = await branch(run.id, { at_s: at.t, faults, values, speed, record: true });
    batch(() => {
      branchDraft.value = NOTHING;
      branchOpen.value = false;
    });
    go(runRoute(id));
    void loadRuns();
    return null;
  } catch (error) {
    const field = error instanceof LabError ? error.field : null;
    return field && field in values ? `${words(field)}: ${sentence(error)}` : sentence(error);
  } finally {
    busy.value = false;
  }
}

/** Forgets what was gathered for a branch. */
export function dropBranch(): void {
  batch(() => {
    branchDraft.value = NOTHING;
    branchOpen.value = false;
  });
}

/** The faults of a run's plan, in the order of the plan; those made by hand are the last. */
export function planFaults(run: Run): Timed[] {
  const plan = run.plan as { faults?: Timed[] } | null | undefined;
  return Array.isArray(plan?.faults) ? plan.faults : [];
}
