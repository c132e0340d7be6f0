// How runs are told apart: a colour and a dash pattern each, the same in every plot of a comparison.

import { kindColor } from "../graph/colors";

const DASHES = ["", "7 3", "2 3", "8 3 2 3", "4 2", "1 3", "10 4", "5 2 1 2"];

/** The most runs that are compared at once. */
export const RUNS_MAX = 8;

/** The colour of the run at this place of a comparison. */
export function runColor(place: number, dark: boolean): string {
  return kindColor(place, dark);
}

/** The dash pattern of the run at this place; none for the first. */
export function runDash(place: number): string | undefined {
  return DASHES[place % DASHES.length] || undefined;
}

/** What to call the run at this place: A, B, C. */
export function runLetter(place: number): string {
  return String.fromCharCode(65 + place);
}
