// What the lab has to offer: its experiments and its runs.

import { signal } from "@preact/signals";
import { LabError, lab } from "../api/client";
import type { Experiment, Run } from "../api/types";

const RUNS_EVERY_MS = 2000;

/** The experiments; null until the lab has answered. */
export const experiments = signal<Experiment[] | null>(null);
/** The runs, live ones first; null until the lab has answered. */
export const runs = signal<Run[] | null>(null);
/** Why the lab cannot be reached, if so. */
export const labError = signal<string | null>(null);

function sentence(error: unknown): string {
  return error instanceof LabError ? error.sentence : String(error);
}

/** Asks for the experiments. */
export async function loadExperiments(): Promise<void> {
  try {
    experiments.value = await lab.experiments();
    labError.value = null;
  } catch (error) {
    labError.value = sentence(error);
  }
}

/** Asks for the runs. */
export async function loadRuns(): Promise<void> {
  try {
    runs.value = await lab.runs();
    labError.value = null;
  } catch (error) {
    labError.value = sentence(error);
  }
}

/** Keeps the list of runs fresh while somebody looks, and comes back when the lab does. */
export function followLab(): void {
  const look = async () => {
    if (!document.hidden) {
      await loadRuns();
      if (experiments.peek() === null) await loadExperiments();
    }
    setTimeout(() => void look(), RUNS_EVERY_MS);
  };
  void loadExperiments();
  void look();
}
