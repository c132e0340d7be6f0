// What a person has set up on this page and wants to find again: theme and folded panels.

import { batch, effect, signal } from "@preact/signals";

export type Theme = "light" | "dark";

/** What the browser keeps under a key; null when nothing. */
export function recall(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

/** Keeps something under a key; nothing takes it away. */
export function remember(key: string, value: string | null): void {
  try {
    if (value === null) localStorage.removeItem(key);
    else localStorage.setItem(key, value);
  } catch {
    // A browser may forbid storage; then the page forgets, no more.
  }
}

const prefersDark = matchMedia("(prefers-color-scheme: dark)");
const prefersStill = matchMedia("(prefers-reduced-motion: reduce)");

/** As in frame.css. */
const isNarrow = matchMedia("(max-width: 720px)");

const stored = recall("rumormill-theme");
const own = signal<Theme | null>(stored === "light" || stored === "dark" ? stored : null);
const system = signal<Theme>(prefersDark.matches ? "dark" : "light");

export const theme = signal<Theme>(own.peek() ?? system.peek());
/** Should nothing move that need not? */
export const still = signal(prefersStill.matches);
/** Too narrow for panels beside the middle: they are folded, and lie over it while they are open. */
export const narrow = signal(isNarrow.matches);
export const leftFolded = signal(narrow.peek() || recall("rumormill-left") === "folded");
export const rightFolded = signal(narrow.peek() || recall("rumormill-right") === "folded");

prefersDark.addEventListener("change", (event) => {
  system.value = event.matches ? "dark" : "light";
});
prefersStill.addEventListener("change", (event) => {
  still.value = event.matches;
});

isNarrow.addEventListener("change", ({ matches }) => {
  const isFolded = (key: string) => matches || recall(key) === "folded";
  // At once: what is folded for want of room must not be remembered.
  batch(() => {
    narrow.value = matches;
    leftFolded.value = isFolded("rumormill-left");
    rightFolded.value = isFolded("rumormill-right");
  });
});

/** Which list the left panel shows. */
export const leftTab = signal<"experiments" | "runs" | "stores">("experiments");

/** Light to dark and back; remembered from then on. */
export function toggleTheme(): void {
  own.value = theme.peek() === "dark" ? "light" : "dark";
  remember("rumormill-theme", own.peek());
}

/** Keeps the document and the memory in step with the preferences. */
export function followPreferences(): void {
  effect(() => {
    theme.value = own.value ?? system.value;
    document.documentElement.dataset["theme"] = theme.value;
  });
  for (const [key, folded] of [
    ["rumormill-left", leftFolded],
    ["rumormill-right", rightFolded],
  ] as const)
    effect(() => {
      // On a narrow page they are folded for want of room, and not because somebody wants it.
      if (!narrow.value) remember(key, folded.value ? "folded" : null);
    });
}
