// What is typed into the search box, as what the lab is asked: an event (sent push peer 3 "some text"), a
// pattern of two, or any words.

import type { SearchQuery } from "../api/history";

/** Kinds of event, as in the trace. */
export const KINDS = [
  ...["started", "stopped", "crashed", "restarted", "joined", "sent", "delivered", "dropped"],
  ...["timer", "indicated", "progress", "entered", "exited", "note", "fault", "done", "violated"],
  "measured",
] as const;

/** Searches worth knowing, and what each finds. */
export const EXAMPLES: readonly (readonly [search: string, finds: string])[] = [
  ["dropped", "every message that was lost"],
  ["delivered peer 3", "what reached peer 3"],
  ['"cut"', "every event whose text has this word"],
  [
    "crashed then restarted within 5s on the same peer",
    "peers that came back, and how long it took",
  ],
  ["delivered push then sent push within 10ms", "who passes on at once what it hears"],
  ["crashed not followed by restarted within 2s", "peers that stayed down for longer"],
];

/** Does this speak of two events? */
export function isPattern(text: string): boolean {
  return /\bthen\b|\bnot followed by\b/.test(text.replace(/"[^"]*"/g, ""));
}

/** Turns words into a question: a pattern, which the lab reads, or else words to look for in texts. */
export function read(text: string): SearchQuery {
  const trimmed = text.trim();
  const [first = ""] = trimmed.split(/\s+/);
  const known = first.startsWith('"') || first === "peer" || isKind(first);
  return known || isPattern(trimmed) ? { pattern: trimmed } : { text: trimmed };
}

function isKind(word: string): boolean {
  return (KINDS as readonly string[]).includes(word);
}
