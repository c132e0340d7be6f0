// The selected event, or else the one under the pointer: what led to it and what it led to.

import { useEffect, useRef, useState } from "preact/hooks";
import { LabError } from "../api/client";
import { past } from "../api/past";
import type { LogLine } from "../api/types";
import { type Cones, conesOf, unknownEdges } from "./cones";
import type { Picture } from "./picture";

/** The pointer must rest so long on an event before the lab is asked. */
const REST_MS = 110;
/** Answers kept, so that going back and forth asks nothing. */
const KEPT_MAX = 48;

export interface Chosen {
  event: LogLine;
  cones: Cones;
}

/** What is lit, or why it cannot be. */
export interface Lit {
  selected: Chosen | null;
  hovered: Chosen | null;
  error: string | null;
}

/** Finds the cones of the selected event and of the one under the pointer. */
export function useChosen(run: string, event: string | null, hover: string | null): Lit {
  const kept = useRef(new Map<string, Chosen>());
  const [, again] = useState(0);
  const [error, setError] = useState<string | null>(null);
  useEffect(() => {
    kept.current.clear();
  }, [run]);
  const ask = (id: string, wait_ms: number) => {
    if (kept.current.has(id)) return undefined;
    const stop = new AbortController();
    const timer = setTimeout(() => {
      past
        .cone(run, id, stop.signal)
        .then((answer) => {
          keep(kept.current, id, { event: answer.event, cones: conesOf(answer) });
          setError(null);
          again((n) => n + 1);
        })
        .catch((why: unknown) => {
          if (!stop.signal.aborted) setError(why instanceof LabError ? why.sentence : String(why));
        });
    }, wait_ms);
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  };
  useEffect(() => {
    setError(null);
    return event ? ask(event, 0) : undefined;
  }, [run, event]);
  useEffect(() => (hover && hover !== event ? ask(hover, REST_MS) : undefined), [run, hover]);
  return {
    selected: (event && kept.current.get(event)) || null,
    hovered: (hover && kept.current.get(hover)) || null,
    error,
  };
}

function keep(kept: Map<string, Chosen>, id: string, chosen: Chosen): void {
  kept.set(id, chosen);
  const oldest = kept.keys().next().value;
  if (kept.size > KEPT_MAX && oldest !== undefined) kept.delete(oldest);
}

/** The cones with the times of their edges, where the picture does not show them. */
export function useEdges(run: string, cones: Cones | null, picture: Picture | null): Cones | null {
  const [times, setTimes] = useState<{ of: Cones | null; known: Map<string, number> }>({
    of: null,
    known: new Map(),
  });
  useEffect(() => {
    if (!cones || !picture) return undefined;
    const known = times.of === cones ? times.known : new Map<string, number>();
    const ids = unknownEdges(cones, picture).filter((id) => !known.has(id));
    if (ids.length === 0) return undefined;
    const stop = new AbortController();
    past
      .events(run, ids, stop.signal)
      .then((events) => {
        const more = new Map(known);
        for (const event of events) more.set(event.id, event.t);
        setTimes({ of: cones, known: more });
      })
      // Without them the tint ends at the last event in sight, which is true as well.
      .catch(() => undefined);
    return () => stop.abort();
  }, [run, cones, picture]);
  if (!cones || times.of !== cones) return cones;
  return { ...cones, times: new Map([...cones.times, ...times.known]) };
}
