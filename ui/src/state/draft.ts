// What the form holds: the run that would start if Run were pressed now, and whether it could.

import { batch, computed, effect, signal } from "@preact/signals";
import { LabError, lab } from "../api/client";
import type { Check, Experiment, FieldError, Mode, Order, Run, Value } from "../api/types";
import { experiments, loadRuns } from "./gallery";
import { go, route, runRoute } from "./route";

const CHECK_AFTER_MS = 150;

/** The settings beside the parameters. Texts are kept as typed. */
export interface Settings {
  mode: Mode;
  seed: string;
  /** How fast a simulation plays; null lets the experiment decide. */
  speed: string | null;
  record: boolean;
  time_limit_s: string;
  peers_per_process: string;
}

const INITIAL: Settings = {
  mode: "sim",
  seed: "1",
  speed: null,
  record: true,
  time_limit_s: "",
  peers_per_process: "",
};

/** The name of the experiment whose form is open. */
export const chosen = signal<string | null>(null);
export const settings = signal<Settings>(INITIAL);
/** What has been typed, by experiment and parameter; what is absent has its default. */
const typed = signal<Record<string, Record<string, Value>>>({});
export const check = signal<Check | null>(null);
export const checking = signal(false);
export const starting = signal(false);
/** Why the lab refused to start the run, if it did. */
export const refusal = signal<LabError | null>(null);

/** The experiment whose form is open. */
export const experiment = computed<Experiment | null>(
  () => experiments.value?.find((e) => e.name === chosen.value) ?? null,
);

/** Every parameter's value, defaults filled in. */
export const values = computed<Record<string, Value>>(() => {
  const of = experiment.value;
  if (!of) return {};
  const mine = typed.value[of.name] ?? {};
  return Object.fromEntries(of.parameters.map((p) => [p.name, mine[p.name] ?? p.default]));
});

/** The mode that the run would have: the chosen one if the experiment can. */
export const mode = computed<Mode>(() => {
  const modes = experiment.value?.modes ?? [];
  const wanted = settings.value.mode;
  return modes.length === 0 || modes.includes(wanted) ? wanted : (modes[0] ?? wanted);
});

/** How fast a simulation plays: a flood is over in a blink, a fault timeline takes its seconds. */
export const speed = computed(
  () => settings.value.speed ?? (experiment.value?.faults.length ? "1" : "0.1"),
);

/** What is wrong with the settings, by field. */
export const settingErrors = computed<Record<string, string>>(() => {
  const { seed, time_limit_s, peers_per_process } = settings.value;
  const errors: Record<string, string> = {};
  if (!/^\d{1,16}$/.test(seed.trim()) || !Number.isSafeInteger(Number(seed)))
    errors["seed"] = "A seed is a whole number from 0 to 9,007,199,254,740,991.";
  if (time_limit_s.trim() && !(Number(time_limit_s) > 0))
    errors["time_limit_s"] = "A time limit is a number of seconds above 0, or nothing.";
  if (peers_per_process.trim() && !/^[1-9]\d{0,4}$/.test(peers_per_process.trim()))
    errors["peers_per_process"] = "Peers per process is a whole number from 1, or nothing.";
  return errors;
});

/** Every error of the form: from the check, and from the lab's refusal. */
export const errors = computed<FieldError[]>(() => {
  const list = (check.value?.errors ?? []).map((e) => ({ ...e, field: fieldOf(e.field) }));
  const no = refusal.value;
  return no
    ? [
        ...list,
        { field: fieldOf(no.field), message: no.sentence, line: no.line, column: no.column },
      ]
    : list;
});

/** The form's name for a field that the lab may spell with hyphens. */
function fieldOf(name: string | null): string | null {
  const plain = name?.replaceAll("-", "_") ?? null;
  return plain === "time_limit" ? "time_limit_s" : plain;
}

/** May Run be pressed? */
export const ready = computed(
  () =>
    experiment.value !== null &&
    experiment.value.broken === null &&
    !starting.value &&
    check.value?.ok === true &&
    Object.keys(settingErrors.value).length === 0,
);

/** Opens the form of an experiment. */
export function choose(name: string): void {
  go({ at: "bench", experiment: name });
}

/** Types into a parameter's field. */
export function setValue(name: string, value: Value): void {
  const of = experiment.peek();
  if (!of) return;
  const mine = { ...typed.peek()[of.name], [name]: value };
  batch(() => {
    typed.value = { ...typed.peek(), [of.name]: mine };
    refusal.value = null;
  });
}

/** Changes a setting. */
export function set<K extends keyof Settings>(key: K, value: Settings[K]): void {
  batch(() => {
    settings.value = { ...settings.peek(), [key]: value };
    refusal.value = null;
  });
}

/** Has a parameter another value than its default? */
export function isTyped(name: string): boolean {
  const mine = typed.value[chosen.value ?? ""]?.[name];
  return (
    mine !== undefined &&
    mine !== experiment.value?.parameters.find((p) => p.name === name)?.default
  );
}

/** Gives a parameter its default again. */
export function reset(name: string): void {
  const of = chosen.peek() ?? "";
  const { [name]: _, ...rest } = typed.peek()[of] ?? {};
  typed.value = { ...typed.peek(), [of]: rest };
}

/** Can a run's values be taken into a form again? */
export function canAdopt(run: Run): boolean {
  const of = experiments.value?.find((e) => e.name === run.experiment);
  return of != null && of.broken === null && Object.keys(run.values ?? {}).length > 0;
}

/** Fills the form with what a run was started with. */
export function adopt(run: Run): void {
  const of = experiments.peek()?.find((e) => e.name === run.experiment);
  if (!of) return;
  const known = Object.entries(run.values ?? {}).filter(([name]) =>
    of.parameters.some((p) => p.name === name),
  );
  batch(() => {
    chosen.value = of.name;
    typed.value = { ...typed.peek(), [of.name]: Object.fromEntries(known) };
    const asked: Mode = run.mode === "processes" ? "processes" : "sim";
    settings.value = { ...settings.peek(), mode: asked, seed: String(run.seed ?? 1) };
    refusal.value = null;
  });
}

function order(of: Experiment): Order {
  const { seed, record, time_limit_s, peers_per_process } = settings.peek();
  const as = mode.peek();
  return {
    experiment: of.name,
    values: values.peek(),
    as,
    seed: Number(seed),
    speed: as === "sim" ? speed.peek() : "1",
    record,
    ...(time_limit_s.trim() ? { time_limit_s: Number(time_limit_s) } : {}),
    ...(as === "processes" && peers_per_process.trim()
      ? { peers_per_process: Number(peers_per_process) }
      : {}),
  };
}

/** Starts the run, and puts it on the bench. */
export async function start(): Promise<void> {
  const of = experiment.peek();
  if (!of || !ready.peek()) return;
  starting.value = true;
  refusal.value = null;
  try {
    const run = await lab.start(order(of));
    go(runRoute(run));
    void loadRuns();
  } catch (error) {
    refusal.value = error instanceof LabError ? error : new LabError(0, String(error));
  } finally {
    starting.value = false;
  }
}

/** Opens the form that the address names, at first the gallery's first sound experiment. */
function followRoute(): void {
  const at = route.value;
  const all = experiments.value;
  if (at.at === "bench" && at.experiment) chosen.value = at.experiment;
  else if (chosen.peek() === null && all)
    chosen.value =
      (all.find((e) => e.name === "flood") ?? all.find((e) => !e.broken))?.name ?? null;
}

/** Checks the form's values with the lab a moment after they changed. */
export function followDraft(): void {
  effect(followRoute);
  let stop: AbortController | undefined;
  let last = "";
  effect(() => {
    const of = experiment.value;
    const body = { experiment: of?.name ?? "", values: values.value, as: mode.value };
    const text = JSON.stringify(body);
    if (!of || of.broken || text === last) return;
    const fresh = !last.startsWith(`{"experiment":${JSON.stringify(of.name)},`);
    last = text;
    stop?.abort();
    const mine = new AbortController();
    stop = mine;
    batch(() => {
      checking.value = true;
      if (fresh) check.value = null;
    });
    setTimeout(() => void ask(body, mine.signal), fresh ? 0 : CHECK_AFTER_MS);
  });
}

async function ask(body: Parameters<typeof lab.check>[0], signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  let answer: Check;
  try {
    answer = await lab.check(body, signal);
  } catch (error) {
    if (signal.aborted) return;
    answer = { ok: false, errors: [asFieldError(error)], totals: {} };
  }
  if (signal.aborted) return;
  batch(() => {
    check.value = answer;
    checking.value = false;
  });
}

function asFieldError(error: unknown): FieldError {
  if (!(error instanceof LabError)) return { field: null, message: String(error) };
  return { field: error.field, message: error.sentence, line: error.line, column: error.column };
}
