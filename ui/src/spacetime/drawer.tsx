// The drawer under the diagram: why the selected event happened, what was found, what is in sight.

import type { ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";
import { search } from "../search/state";
import { drawer } from "./settings";

/** Opens the drawer on what was asked for last. */
export function useDrawer(event: string | null): void {
  const searching = search.value?.text ?? null;
  useEffect(() => {
    if (searching !== null) drawer.value = "found";
    else if (drawer.peek() === "found") drawer.value = event ? "why" : null;
  }, [searching]);
  useEffect(() => {
    // Whoever goes through what was found or through the list stays there.
    if (event && drawer.peek() === null) drawer.value = "why";
    if (!event && drawer.peek() === "why") drawer.value = null;
  }, [event]);
}

const DRAWERS = [
  ["why", "Why"],
  ["found", "Found"],
  ["events", "Events in sight"],
] as const;

interface Props {
  /** What stands beside the tabs. */
  aside: ComponentChildren;
  children: ComponentChildren;
}

/** Its tabs, and what the open one shows. */
export function Drawer({ aside, children }: Props) {
  return (
    <section class={`drawer ${drawer.value ? "open" : ""}`} aria-label="About the events">
      <div class="drawer-tabs" role="tablist">
        {DRAWERS.map(([name, title]) => (
          <button
            type="button"
            role="tab"
            class="tab"
            key={name}
            data-testid={`drawer-${name}`}
            aria-selected={drawer.value === name}
            onClick={() => {
              drawer.value = drawer.value === name ? null : name;
            }}
          >
            {title}
          </button>
        ))}
        <span class="grow" />
        {aside}
      </div>
      {drawer.value && <div class="drawer-body">{children}</div>}
    </section>
  );
}
