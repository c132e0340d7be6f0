// The tree of first deliveries, as the lab tells it: asked for while it is shown, again while the run goes on.

import { useEffect, useState } from "preact/hooks";
import { ask, LabError } from "../api/client";
import type { Bench } from "../model/run";
import { type Branch, forest } from "./layout/tree";

/** While a run goes on, it is asked for so often. */
const ASK_EVERY_MS = 1500;

interface Answer {
  parents: [number, number, number][];
  reached: number;
  last: number | null;
}

/** The tree, and why there is none. */
export interface Tree {
  branches: readonly Branch[];
  problem: string | null;
}

const NONE: Tree = { branches: [], problem: null };

/** Follows the tree of a run while `wanted`. */
export function useTree(bench: Bench, community: string | null, wanted: boolean): Tree {
  const [tree, setTree] = useState<Tree>(NONE);
  const { id, state } = bench.run;
  useEffect(() => {
    if (!wanted) return setTree(NONE);
    let gone = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const look = async () => {
      const found = await fetchTree(id, community);
      if (gone) return;
      setTree((now) => (same(now, found) ? now : found));
      if (bench.run.state !== "ended") timer = setTimeout(look, ASK_EVERY_MS);
    };
    void look();
    return () => {
      gone = true;
      clearTimeout(timer);
    };
  }, [id, community, wanted, state]);
  return tree;
}

async function fetchTree(run: string, community: string | null): Promise<Tree> {
  const query = community === null ? "" : `?community=${encodeURIComponent(community)}`;
  try {
    const answer = await ask<Answer>(`/api/runs/${encodeURIComponent(run)}/tree${query}`);
    const branches = answer.parents.map(([peer, parent, t]) => ({ peer, parent, t }));
    return { branches: forest(branches), problem: null };
  } catch (error) {
    return { branches: [], problem: error instanceof LabError ? error.sentence : String(error) };
  }
}

function same(a: Tree, b: Tree): boolean {
  return a.problem === b.problem && a.branches.length === b.branches.length;
}

/** Branches as they travel to the painter. */
export function packed(branches: readonly Branch[]): Float64Array {
  return Float64Array.from(branches.flatMap(({ peer, parent, t }) => [peer, parent, t]));
}
