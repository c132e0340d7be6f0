// "Explore many seeds" and "Sweep": the form's experiment, run many times.

import { signal } from "@preact/signals";
import { useState } from "preact/hooks";
import { LabError } from "../api/client";
import { figures } from "../api/figures";
import { Dialog } from "../frame/dialog";
import { experiment, mode, ready, values } from "../state/draft";
import { go } from "../state/route";
import { plural } from "../words/format";
import { words } from "./field";
import { listedPoints, seedRange } from "./ranges";

type Job = "explore" | "sweep";

const open = signal<Job | null>(null);

/** The two buttons, below Run. */
export function JobButtons() {
  const button = (job: Job, text: string, title: string) => (
    <button
      type="button"
      class="plain"
      data-testid={`${job}-open`}
      title={title}
      disabled={!ready.value}
      onClick={() => {
        open.value = job;
      }}
    >
      {text}
    </button>
  );
  return (
    <div class="job-buttons">
      {button("explore", "Explore many seeds…", "Find the seeds with which it goes wrong")}
      {button("sweep", "Sweep…", "One parameter over several values")}
    </div>
  );
}

export function JobDialogs() {
  const close = () => {
    open.value = null;
  };
  const of = experiment.value;
  const title = of?.title || of?.name || "";
  return (
    <>
      <Dialog
        open={open.value === "explore" && of !== null}
        close={close}
        title={`Explore many seeds of ${title}`}
        testid="explore-dialog"
      >
        <Explore close={close} />
      </Dialog>
      <Dialog
        open={open.value === "sweep" && of !== null}
        close={close}
        title={`Sweep a parameter of ${title}`}
        testid="sweep-dialog"
      >
        <SweepForm close={close} />
      </Dialog>
    </>
  );
}

interface FieldProps {
  name: string;
  label: string;
  value: string;
  set: (value: string) => void;
  wrong: string | null;
}

function TextField({ name, label, value, set, wrong }: FieldProps) {
  return (
    <label class="field">
      {label}
      <input
        type="text"
        class="code"
        autocomplete="off"
        spellcheck={false}
        data-testid={name}
        aria-invalid={wrong !== null}
        value={value}
        onInput={(event) => set(event.currentTarget.value)}
      />
    </label>
  );
}

function Refusal({ why }: { why: string | null }) {
  if (!why) return null;
  return (
    <p class="field-error" role="alert" data-testid="job-error">
      {why}
    </p>
  );
}

const sentence = (error: unknown) => (error instanceof LabError ? error.sentence : String(error));

function Explore({ close }: { close: () => void }) {
  const [seeds, setSeeds] = useState("1..100");
  const [limit, setLimit] = useState("");
  const [refused, setRefused] = useState<string | null>(null);
  const range = seedRange(seeds);
  const submit = async (event: Event) => {
    event.preventDefault();
    if ("wrong" in range) return setRefused(range.wrong);
    const seconds = Number(limit);
    if (limit.trim() && !(seconds > 0))
      return setRefused("time limit: expected a number of seconds above 0, or nothing");
    try {
      const job = await figures.explore({
        ...{ experiment: experiment.value?.name ?? "", values: values.value, seeds: range.seeds },
        ...(limit.trim() ? { time_limit_s: seconds } : {}),
      });
      close();
      go({ at: "explore", job });
    } catch (error) {
      setRefused(sentence(error));
    }
  };
  return (
    <form noValidate onSubmit={(event) => void submit(event)}>
      <p class="quiet">
        Simulates the experiment with each seed and the values of the form. The first run that fails
        or violates a property is made as small as it goes, saved, and opened where it went wrong.
      </p>
      <TextField
        name="explore-seeds"
        label="seeds"
        value={seeds}
        set={setSeeds}
        wrong={"wrong" in range ? range.wrong : null}
      />
      <TextField
        name="explore-limit"
        label="time limit of each, s"
        value={limit}
        set={setLimit}
        wrong={null}
      />
      <Refusal why={refused} />
      <div class="dialog-buttons">
        <button type="button" class="plain" onClick={close}>
          Cancel
        </button>
        <button type="submit" class="primary" data-testid="explore-start">
          {"wrong" in range ? "Explore" : `Explore ${plural(range.count, "seed")}`}
        </button>
      </div>
    </form>
  );
}

function SweepForm({ close }: { close: () => void }) {
  const params = experiment.value?.parameters ?? [];
  const [name, setName] = useState(params[0]?.name ?? "");
  const [points, setPoints] = useState("10, 20, 50, 100");
  const [seeds, setSeeds] = useState("1..5");
  const [refused, setRefused] = useState<string | null>(null);
  const param = params.find((p) => p.name === name);
  const range = seedRange(seeds);
  const list = param ? listedPoints(param, points) : { wrong: "parameter: choose one" };
  const wrong = "wrong" in list ? list.wrong : "wrong" in range ? range.wrong : null;
  const submit = async (event: Event) => {
    event.preventDefault();
    if ("wrong" in list || "wrong" in range) return setRefused(wrong);
    try {
      const job = await figures.sweep({
        ...{ experiment: experiment.value?.name ?? "", values: values.value, parameter: name },
        ...{ points: list.points, seeds: range.seeds, as: mode.value },
      });
      close();
      go({ at: "sweep", job });
    } catch (error) {
      setRefused(sentence(error));
    }
  };
  const runs = "wrong" in list || "wrong" in range ? null : list.points.length * range.count;
  return (
    <form noValidate onSubmit={(event) => void submit(event)}>
      <p class="quiet">
        Runs the experiment once for each value and seed, and plots what was measured with its
        spread over the seeds.
      </p>
      <label class="field">
        parameter
        <select
          data-testid="sweep-parameter"
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
        >
          {params.map((p) => (
            <option key={p.name} value={p.name}>
              {words(p.name)}
            </option>
          ))}
        </select>
      </label>
      <TextField
        name="sweep-points"
        label="values"
        value={points}
        set={setPoints}
        wrong={"wrong" in list ? list.wrong : null}
      />
      <TextField
        name="sweep-seeds"
        label="seeds"
        value={seeds}
        set={setSeeds}
        wrong={"wrong" in range ? range.wrong : null}
      />
      <Refusal why={refused ?? null} />
      <div class="dialog-buttons">
        <button type="button" class="plain" onClick={close}>
          Cancel
        </button>
        <button type="submit" class="primary" data-testid="sweep-start">
          {runs === null ? "Sweep" : `Start ${plural(runs, "run")}`}
        </button>
      </div>
    </form>
  );
}
