// What is typed into the search box, as what the lab is asked: sent push peer 3 "some text", or a pattern
// of two events, which the lab reads itself.

import type { SearchQuery } from "../api/history";

/** Kinds of event, as in the trace. */
export const KINDS = [
  ...["started", "stopped", "crashed", "restarted", "joined", "sent", "delivered", "dropped"],
  ...["timer", "indicated", "progress", "entered", "exited", "note", "fault", "done", "violated"],
] as const;

/** Searches worth knowing, and what each finds. */
export const EXAMPLES: readonly (readonly [search: string, finds: string])[] = [
  ["dropped", "every message that was lost"],
  ["delivered push peer 3", "what reached peer 3"],
  ['"cut"', "every event whose text has this word"],
  [
    "crashed then restarted within 5s on the same peer",
    "peers that came back, and how long it took",
  ],
  [
    "delivered push then sent push within 10ms on the same peer",
    "who passes on at once what it hears",
  ],
  [
    "sent not followed by delivered within 1s on any peer",
    "messages after which nothing arrived for a second",
  ],
];

/** Does this speak of two events? */
export function isPattern(text: string): boolean {
  return /\bthen\b|\bnot followed by\b/.test(text.replace(/"[^"]*"/g, ""));
}

/** Turns words into a question. Words that name nothing are looked for in the events' texts. */
export function read(text: string): SearchQuery {
  const trimmed = text.trim();
  if (isPattern(trimmed)) return { pattern: trimmed };
  const query: SearchQuery = {};
  const rest: string[] = [];
  const words = trimmed.match(/"[^"]*"?|\S+/g) ?? [];
  for (let i = 0; i < words.length; i++) {
    const word = words[i] ?? "";
    const next = words[i + 1] ?? "";
    if (word.startsWith('"')) rest.push(word.replaceAll('"', ""));
    else if (word === "peer" && /^\d+$/.test(next)) {
      query.peer = Number(next);
      i += 1;
    } else if (isKind(word) && !query.kind) query.kind = word;
    else if (query.kind && !query.name && i === kindAt(words) + 1) query.name = word;
    else rest.push(word);
  }
  if (rest.length > 0) query.text = rest.join(" ");
  return query;
}

function isKind(word: string): boolean {
  return (KINDS as readonly string[]).includes(word);
}

function kindAt(words: readonly string[]): number {
  return words.findIndex(isKind);
}
