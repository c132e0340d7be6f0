// What peers answered last to whoever asked by hand, up to the cursor.

import { useEffect, useState } from "preact/hooks";
import { lab } from "../api/client";
import type { LogLine } from "../api/types";
import type { Bench } from "../model/run";
import { cursor, inPast } from "../state/cursor";

const LINES = 6;
const ASK_AFTER_MS = 120;
/** While a run goes on, the lab is asked again this often. */
const AGAIN_MS = 500;

/** The newest answers, the newest first. */
export function useAnswers(bench: Bench): readonly LogLine[] {
  const [lines, setLines] = useState<readonly LogLine[]>([]);
  const run = bench.run.id;
  const at = inPast.value ? cursor.value?.event : null;
  const rests = bench.present.state === "ended" || inPast.value;
  useEffect(() => {
    const stop = new AbortController();
    const before = at ? { before: at.id } : {};
    const ask = () =>
      lab
        .log(run, { kind: "indicated", limit: LINES, ...before }, stop.signal)
        .then(({ events }) => {
          // "Before" leaves out the event at the cursor itself.
          const all = at?.kind === "indicated" ? [...events, at] : events;
          setLines(all.slice(-LINES).reverse());
        })
        // The header says when the lab is gone; what is here stays.
        .catch(() => undefined);
    const first = setTimeout(() => void ask(), rests ? ASK_AFTER_MS : 0);
    const timer = rests ? undefined : setInterval(ask, AGAIN_MS);
    return () => {
      stop.abort();
      clearTimeout(first);
      clearInterval(timer);
    };
  }, [run, rests, at?.id]);
  return lines;
}

/** What an answer says, without its ticket and its token: those are in the event itself. */
export function answerWords({ text, name }: Pick<LogLine, "text" | "name">): string {
  const result = /\bresult: (.*?)(?: \}\]\))?$/.exec(text)?.[1];
  return result ?? (text || name);
}
