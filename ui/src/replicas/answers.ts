// What was asked by hand or by the plan, and what peers answered, up to the cursor.

import { useEffect, useState } from "preact/hooks";
import { lab } from "../api/client";
import type { LogLine } from "../api/types";
import type { Bench } from "../model/run";
import { cursor, inPast } from "../state/cursor";

/** Lines shown. */
const LINES = 12;
const ASK_AFTER_MS = 120;
/** While a run goes on, the lab is asked again this often. */
const AGAIN_MS = 500;

/** What the trace calls a request, and how its text begins. */
const ASKED = { kind: "fault", text: " asked: " };
const ANSWERED = { kind: "indicated" };

/** The newest requests and answers, the newest first. */
export function useAnswers(bench: Bench): readonly LogLine[] {
  const [lines, setLines] = useState<readonly LogLine[]>([]);
  const run = bench.run.id;
  const at = inPast.value ? cursor.value?.event : null;
  const rests = bench.present.state === "ended" || inPast.value;
  useEffect(() => {
    const stop = new AbortController();
    const before = at ? { before: at.id } : {};
    const ask = () =>
      Promise.all(
        [ASKED, ANSWERED].map((of) =>
          lab.log(run, { ...of, limit: LINES, ...before }, stop.signal),
        ),
      )
        .then((pages) => {
          // "Before" leaves out the event at the cursor itself.
          const here = at && isAsking(at) ? [at] : [];
          const all = [...pages.flatMap((page) => page.events), ...here];
          setLines(newestFirst(all).slice(0, LINES));
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

/** Is it a request, or an answer to one? */
export function isAsking({ kind, text }: Pick<LogLine, "kind" | "text">): boolean {
  return kind === ANSWERED.kind || (kind === ASKED.kind && text.includes(ASKED.text));
}

/** By time, a request before its answer. */
export function newestFirst(lines: readonly LogLine[]): LogLine[] {
  const rank = ({ kind }: LogLine) => Number(kind === ANSWERED.kind);
  return [...lines].sort((a, b) => b.t - a.t || rank(b) - rank(a) || b.peer - a.peer);
}

/** What the answers of the applications are wrapped in. */
const WRAPPED = /^(?:Ok|Some|Kv|Ratings)\((.*)\)$/;

/** What an answer says, without its ticket and its token: those are in the event itself. */
export function answerWords({ text, name }: Pick<LogLine, "text" | "name">): string {
  let words = /\bresult: (.*?)(?:, token: .*| \}\]\))?$/.exec(text)?.[1] ?? (text || name);
  for (let inner = WRAPPED.exec(words); inner?.[1]; inner = WRAPPED.exec(words)) words = inner[1];
  return words;
}
