// What a person has set for the diagram, and what it shows below: kept while views change.

import { signal } from "@preact/signals";

/** Are peers left out to whom nothing happens in sight? */
export const folded = signal(false);

/** What the drawer under the diagram shows; null keeps it shut. */
export const drawer = signal<"why" | "found" | "events" | null>(null);

/** Rows that the lab may choose peers for; a person can ask for more. */
export const rowsMost = signal(40);
