// The stores of real servers that the lab knows.

import { signal } from "@preact/signals";
import { stores as api, type StoreLine } from "../api/stores";

const EVERY_MS = 3000;

/** Those that run on this machine, then those that somebody named; null until the lab has answered. */
export const stores = signal<StoreLine[] | null>(null);

/** Asks for the stores. */
export async function loadStores(): Promise<void> {
  try {
    stores.value = await api.list();
  } catch {
    // The list of runs says when the lab is gone; what is here stays.
  }
}

/** Keeps the list fresh while somebody looks. */
export function followStores(): void {
  const look = async () => {
    if (!document.hidden) await loadStores();
    setTimeout(() => void look(), EVERY_MS);
  };
  void look();
}

/** What a store is called: the folder that it is kept in, or where it is. */
export function storeName({ folder, address }: StoreLine): string {
  return folder?.split("/").filter(Boolean).pop() ?? address;
}
