// How long messages took on a link up to the cursor: asked a moment after the cursor rests.

import { useEffect, useState } from "preact/hooks";
import { type LinkTimes, past } from "../api/past";
import type { Bench } from "../model/run";
import { cursor, inPast } from "../state/cursor";

const ASK_AFTER_MS = 120;
/** While the run goes on it is asked again this often, or less often when answers take long. */
const AGAIN_MS = 1500;
const ANSWER_SHARE = 5;

/** Both directions; null until the lab has told, and of a run that is not recorded. */
export function useLinkTimes(
  bench: Bench,
  from: number,
  to: number,
): { there: LinkTimes; back: LinkTimes } | null {
  const [known, setKnown] = useState<{ there: LinkTimes; back: LinkTimes } | null>(null);
  const run = bench.run.id;
  const isRecorded = bench.run.folder !== null;
  const rests = bench.present.state === "ended" || inPast.value;
  const moves = (cursor.value?.speed ?? 0) > 0;
  const t = inPast.value && !moves ? cursor.value?.t : undefined;
  useEffect(() => {
    if (!isRecorded || moves) return;
    const stop = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const ask = async () => {
      const began = performance.now();
      const at = { from, to, ...(t === undefined ? {} : { t }) };
      const told = await past.link(run, at, stop.signal).catch(() => null);
      if (stop.signal.aborted) return;
      // The header says when the lab is gone; what is here stays.
      if (told) setKnown(told);
      const took = performance.now() - began;
      if (!rests) timer = setTimeout(() => void ask(), Math.max(AGAIN_MS, ANSWER_SHARE * took));
    };
    timer = setTimeout(() => void ask(), ASK_AFTER_MS);
    return () => {
      stop.abort();
      clearTimeout(timer);
    };
  }, [run, from, to, isRecorded, rests, moves, t]);
  return known;
}
