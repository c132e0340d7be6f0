// A dialog: over the page while it is open, closed by Esc, its button, or a press beside it.

import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";

interface Props {
  open: boolean;
  close: () => void;
  title: string;
  testid: string;
  wide?: boolean;
  children: ComponentChildren;
}

export function Dialog({ open, close, title, testid, wide, children }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  const name = useId();
  useEffect(() => {
    if (open && !dialog.current?.open) dialog.current?.showModal();
    if (!open) dialog.current?.close();
  }, [open]);
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Esc closes a dialog by itself
    <dialog
      ref={dialog}
      class={wide ? "dialog wide" : "dialog"}
      aria-labelledby={name}
      data-testid={testid}
      onClose={close}
      onClick={(event) => {
        if (event.target === dialog.current) close();
      }}
    >
      {open && (
        <div class="dialog-body">
          <header class="dialog-head">
            <h2 id={name}>{title}</h2>
            <button type="button" class="icon" aria-label="Close" onClick={close}>
              ×
            </button>
          </header>
          {children}
        </div>
      )}
    </dialog>
  );
}
