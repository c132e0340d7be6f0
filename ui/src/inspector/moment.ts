// A simulated peer's state at the cursor: asked a moment after the cursor rests, the old one kept meanwhile.

import { useEffect, useState } from "preact/hooks";
import { LabError } from "../api/client";
import { type PeerState, past } from "../api/past";
import type { CursorRow } from "../api/types";

/** A cursor that rests for so long is asked for. */
const ASK_AFTER_MS = 90;
/** While the run goes on, or is played, the state is asked again this often. */
const AGAIN_MS = 500;

export interface Moment {
  state: PeerState | null;
  /** Why there is none, in a sentence. */
  error: string | null;
  /** Is a newer one on its way? */
  asking: boolean;
}

/** Where to ask: at the event that the cursor stands behind, else at its time. */
export function momentOf(at: CursorRow): { event?: string; t?: number } {
  return at.event && !at.live && at.event.t === at.t ? { event: at.event.id } : { t: at.t };
}

/** The state of a peer at the cursor. */
export function useMoment(run: string, peer: number, at: CursorRow | null): Moment {
  const [known, setKnown] = useState<Moment>({ state: null, error: null, asking: true });
  const moves = at !== null && (at.live || at.speed > 0);
  const place = at ? momentOf(at) : null;
  // What moves is asked on a clock of its own, not with each of its frames.
  const key = place === null ? "" : moves ? "moves" : `${place.event ?? ""} ${place.t ?? ""}`;
  const [beat, setBeat] = useState(0);
  useEffect(() => {
    setKnown({ state: null, error: null, asking: true });
  }, [run, peer]);
  useEffect(() => {
    if (!moves) return;
    const timer = setInterval(() => setBeat((n) => n + 1), AGAIN_MS);
    return () => clearInterval(timer);
  }, [moves]);
  useEffect(() => {
    if (!place) return;
    const stop = new AbortController();
    const ask = async () => {
      setKnown((before) => ({ ...before, asking: true }));
      try {
        const state = await past.state(run, { peer, ...place }, stop.signal);
        if (!stop.signal.aborted) setKnown({ state, error: null, asking: false });
      } catch (error) {
        if (stop.signal.aborted) return;
        const why = error instanceof LabError ? error.sentence : String(error);
        setKnown({ state: null, error: why, asking: false });
      }
    };
    const timer = setTimeout(() => void ask(), moves ? 0 : ASK_AFTER_MS);
    return () => {
      stop.abort();
      clearTimeout(timer);
    };
  }, [run, peer, key, moves ? beat : 0]);
  return known;
}
