// A short word about what has just been done, or could not be; it goes by itself.

import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";

const STAYS_MS = 6000;

interface Said {
  text: string;
  /** Did something fail? */
  bad: boolean;
}

const said = signal<Said | null>(null);

/** Says that something has been done. */
export function tell(text: string): void {
  said.value = { text, bad: false };
}

/** Says why something could not be done. */
export function complain(text: string): void {
  said.value = { text, bad: true };
}

export function Toast() {
  const now = said.value;
  useEffect(() => {
    if (!now) return;
    const timer = setTimeout(
      () => {
        if (said.peek() === now) said.value = null;
      },
      now.bad ? 2 * STAYS_MS : STAYS_MS,
    );
    return () => clearTimeout(timer);
  }, [now]);
  return (
    <div class="toasts" aria-live="polite">
      {now && (
        <p class={`toast ${now.bad ? "bad" : ""}`} data-testid="toast">
          {now.text}
          <button
            type="button"
            class="plain"
            aria-label="Dismiss"
            onClick={() => {
              said.value = null;
            }}
          >
            ×
          </button>
        </p>
      )}
    </div>
  );
}
