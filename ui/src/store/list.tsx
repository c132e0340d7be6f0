// The stores of real servers in the left panel, and how one that is not found by itself gets there.

import { useState } from "preact/hooks";
import { LabError } from "../api/client";
import { stores as api, type StoreLine } from "../api/stores";
import { complain } from "../frame/toast";
import { go, route } from "../state/route";
import { loadStores, storeName, stores } from "../state/stores";
import { plural } from "../words/format";

export function Stores() {
  const all = stores.value ?? [];
  return (
    <div class="runs">
      {all.length === 0 && (
        <p class="panel-note">
          No store is up. <code>rumormill store up</code> in a terminal starts one; it appears here.
        </p>
      )}
      <ul class="gallery" aria-label="Stores" data-testid="stores">
        {all.map((store) => (
          <li key={store.address}>
            <Entry store={store} />
          </li>
        ))}
      </ul>
      <WatchStore />
    </div>
  );
}

function Entry({ store }: { store: StoreLine }) {
  const at = route.value;
  const here = at.at === "store" && store.front_ends.includes(at.address);
  const name = storeName(store);
  return (
    <div class="run-row">
      <button
        type="button"
        class="entry"
        data-testid={`store-${store.address}`}
        aria-current={here}
        title={store.folder ?? "Named by hand"}
        onClick={() => go({ at: "store", address: store.address })}
      >
        <span class="entry-title">
          {store.pid !== null && <i class="dot running" title="up" />} {name}
        </span>
        <span class="quiet number">
          {name !== store.address && `${store.address} · `}
          {store.replicas === null ? "named by hand" : plural(store.replicas, "replica")}
        </span>
      </button>
      {store.pid === null && <Forget address={store.address} />}
    </div>
  );
}

function Forget({ address }: { address: string }) {
  const forget = async () => {
    try {
      await api.forget(address);
    } catch (error) {
      complain(error instanceof LabError ? error.sentence : String(error));
    }
    await loadStores();
  };
  return (
    <button
      type="button"
      class="plain remove"
      aria-label={`Stop watching the store at ${address}`}
      title="Stop watching; the store goes on"
      data-testid={`forget-${address}`}
      onClick={() => void forget()}
    >
      ×
    </button>
  );
}

/** A quiet word that becomes a field for an address. */
function WatchStore() {
  const [open, setOpen] = useState(false);
  const [text, setText] = useState("");
  const [wrong, setWrong] = useState<string | null>(null);
  if (!open)
    return (
      <p class="watch-store">
        <button
          type="button"
          class="plain"
          data-testid="watch-store"
          title="Stores that you start on this machine are found by themselves"
          onClick={() => setOpen(true)}
        >
          Watch a store…
        </button>
      </p>
    );
  const submit = async (event: Event) => {
    event.preventDefault();
    try {
      const address = await api.watch(text);
      go({ at: "store", address });
      setOpen(false);
      setText("");
      void loadStores();
    } catch (error) {
      setWrong(error instanceof LabError ? error.sentence : String(error));
    }
  };
  return (
    <form
      class="watch-store"
      noValidate
      onSubmit={(event) => void submit(event)}
      onKeyDown={(event) => {
        if (event.key === "Escape") setOpen(false);
      }}
    >
      <label>
        <span class="quiet">Where a front end of the store speaks HTTP</span>
        <input
          type="text"
          class="code"
          data-testid="watch-address"
          autocomplete="off"
          spellcheck={false}
          placeholder="http://127.0.0.1:40123"
          aria-invalid={wrong !== null}
          value={text}
          ref={(field) => field?.focus()}
          onInput={(event) => {
            setText(event.currentTarget.value);
            setWrong(null);
          }}
        />
      </label>
      {wrong && (
        <p class="field-error" role="alert" data-testid="watch-error">
          {wrong}
        </p>
      )}
      <div class="acts">
        <button type="submit" class="act" data-testid="watch-start">
          Watch
        </button>
        <button type="button" class="plain" onClick={() => setOpen(false)}>
          Cancel
        </button>
      </div>
    </form>
  );
}
