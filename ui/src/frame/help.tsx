// What things mean, and the keys.

import { signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";

export const helpOpen = signal(false);

const KEYS: [string, string][] = [
  ["1 2 3", "graph, targets, log"],
  ["f", "fit the picture"],
  ["/", "search the log"],
  ["Esc", "let go of what is selected"],
  ["Enter", "run, in the form"],
  ["?", "this help"],
];

export function Help() {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    if (helpOpen.value) dialog.current?.showModal();
    else dialog.current?.close();
  }, [helpOpen.value]);
  const close = () => {
    helpOpen.value = false;
  };
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Esc closes a dialog by itself
    <dialog
      ref={dialog}
      class="help"
      aria-labelledby="help-title"
      data-testid="help"
      onClose={close}
      onClick={(event) => {
        if (event.target === dialog.current) close();
      }}
    >
      <div class="help-body">
        <h2 id="help-title">What you see</h2>
        <dl class="facts">
          <dt>disc</dt>
          <dd>
            A peer. The ring around it fills as its targets do, from red over amber to green. A
            tick: it is done. Dashed: it crashed. Two bars: it is paused.
          </dd>
          <dt>link</dt>
          <dd>
            Messages from the wide end to the pointed end. Width grows with the logarithm of their
            count; the colour tells the kind; it fades by half with each second of run time.
          </dd>
          <dt>comet</dt>
          <dd>A message on its way. One that is lost stops half-way and turns red.</dd>
          <dt>run time</dt>
          <dd>
            The run's own clock: virtual in a simulation. Hover it for the time that passed here.
          </dd>
          <dt>target</dt>
          <dd>
            What a peer has to reach, such as 50 messages. A run completes when all peers have all.
          </dd>
          <dt>digest</dt>
          <dd>A fingerprint of a simulated run. Same experiment, seed and build: same digest.</dd>
        </dl>
        <h2>Hands</h2>
        <p>
          The wheel zooms at the pointer, dragging pans or moves a peer, a click selects, a double
          click centres. Every view has its own address, which can be shared.
        </p>
        <dl class="facts keys">
          {KEYS.map(([key, what]) => (
            <KeyRow key={key} name={key} what={what} />
          ))}
        </dl>
        <button type="button" class="plain" onClick={close}>
          Close
        </button>
      </div>
    </dialog>
  );
}

function KeyRow({ name, what }: { name: string; what: string }) {
  return (
    <>
      <dt>
        {name.split(" ").map((key) => (
          <kbd key={key}>{key}</kbd>
        ))}
      </dt>
      <dd>{what}</dd>
    </>
  );
}
