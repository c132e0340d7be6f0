// "Save as experiment": the open run with all that was done to it by hand, as a file that repeats it.

import { useState } from "preact/hooks";
import { LabError } from "../api/client";
import { save } from "../api/faults";
import type { Bench } from "../model/run";
import { bench } from "../state/bench";
import { loadExperiments } from "../state/gallery";
import { saveOpen } from "../state/hands";
import { Dialog } from "./dialog";

export function SaveDialog() {
  const of = bench.value;
  const close = () => {
    saveOpen.value = false;
  };
  return (
    <Dialog
      open={saveOpen.value && of !== null}
      close={close}
      title="Save as experiment"
      testid="save"
    >
      {of && <Save of={of} close={close} />}
    </Dialog>
  );
}

interface Saved {
  name: string;
  file: string;
}

function Save({ of, close }: { of: Bench; close: () => void }) {
  const { run } = of;
  const [name, setName] = useState(`${run.experiment || "run"}-by-hand`);
  const [title, setTitle] = useState(`${run.title || run.experiment}, broken by hand`);
  const [overwrite, setOverwrite] = useState(false);
  const [refused, setRefused] = useState<LabError | null>(null);
  const [saved, setSaved] = useState<Saved | null>(null);
  const submit = async (event: Event) => {
    event.preventDefault();
    try {
      setSaved(await save(run.id, { name: name.trim(), title: title.trim(), overwrite }));
      setRefused(null);
      void loadExperiments();
    } catch (error) {
      setRefused(error instanceof LabError ? error : new LabError(0, String(error)));
    }
  };
  if (saved) return <Done saved={saved} seed={run.seed} close={close} />;
  return (
    <form noValidate onSubmit={(event) => void submit(event)}>
      <p class="quiet">
        The file holds the parameters, the network and every fault with its time, those made by hand
        among them. {run.mode === "sim" && "Run with the same seed it gives the same digest."}
      </p>
      <label class="field">
        name
        <input
          type="text"
          class="code"
          autocomplete="off"
          spellcheck={false}
          data-testid="save-name"
          aria-invalid={refused?.field === "name"}
          value={name}
          onInput={(event) => {
            setName(event.currentTarget.value);
            setRefused(null);
          }}
        />
      </label>
      <label class="field">
        title
        <input
          type="text"
          autocomplete="off"
          data-testid="save-title"
          value={title}
          onInput={(event) => setTitle(event.currentTarget.value)}
        />
      </label>
      {refused && (
        <p class="field-error" role="alert" data-testid="save-error">
          {refused.sentence}
        </p>
      )}
      {refused?.status === 409 && (
        <label class="both">
          <input
            type="checkbox"
            checked={overwrite}
            onChange={(event) => setOverwrite(event.currentTarget.checked)}
          />
          replace the file
        </label>
      )}
      <div class="dialog-buttons">
        <button type="button" class="plain" onClick={close}>
          Cancel
        </button>
        <button type="submit" class="primary" data-testid="save-start">
          Save
        </button>
      </div>
    </form>
  );
}

function Done({ saved, seed, close }: { saved: Saved; seed: unknown; close: () => void }) {
  const command = `rumormill run ${saved.name}${seed == null ? "" : ` --seed ${String(seed)}`}`;
  return (
    <div data-testid="saved" data-name={saved.name}>
      <p>
        Saved as <span class="code wrap">{saved.file}</span>
      </p>
      <p>Repeat it with</p>
      <pre class="body-text">{command}</pre>
      <div class="dialog-buttons">
        <button type="button" class="plain" onClick={close}>
          Close
        </button>
        <a
          class="primary"
          href={`#/experiment/${encodeURIComponent(saved.name)}`}
          data-testid="save-open"
          onClick={close}
        >
          Open it in the gallery
        </a>
      </div>
    </div>
  );
}
