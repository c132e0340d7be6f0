// The selected event, or else the one under the pointer: what led to it and what it led to.

import { useEffect, useRef, useState } from "preact/hooks";
import { LabError } from "../api/client";
import { past } from "../api/past";
import type { LogLine, Run } from "../api/types";
import { type Cones, conesOf, unknownEdges } from "./cones";
import type { Picture } from "./picture";

/** The pointer must rest so long on an event before the lab is asked. */
const REST_MS = 110;
/** While a run goes on, the selected event's cones are asked for anew. */
const AGAIN_MS = 2000;
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
export function useChosen(
  run: Pick<Run, "id" | "state">,
  event: string | null,
  hover: string | null,
): Lit {
  const { id: runId } = run;
  const ended = run.state === "ended";
  const kept = useRef(new Map<string, Chosen>());
  const [, again] = useState(0);
  const [error, setError] = useState<string | null>(null);
  useEffect(() => {
    kept.current.clear();
  }, [runId, ended]);
  const ask = (id: string, wait_ms: number) => {
    const stop = new AbortController();
    const timer = setTimeout(() => {
      past
        .cone(runId, id, stop.signal)
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
    return event && !kept.current.has(event) ? ask(event, 0) : undefined;
  }, [runId, ended, event]);
  useEffect(() => {
    if (!hover || hover === event || kept.current.has(hover)) return undefined;
    return ask(hover, REST_MS);
  }, [runId, hover]);
  // What follows from an event grows while the run goes on.
  useEffect(() => {
    if (ended || !event) return undefined;
    let stop: (() => void) | undefined;
    const timer = setInterval(() => {
      stop?.();
      stop = ask(event, 0);
    }, AGAIN_MS);
    return () => {
      clearInterval(timer);
      stop?.();
    };
  }, [runId, ended, event]);
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
