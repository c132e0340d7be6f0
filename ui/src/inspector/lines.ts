// A peer's state as lines: what is open, what the last event changed, and what it was before.

import type { Tree } from "../api/past";

/** One line of the tree. */
export interface TreeLine {
  path: string;
  depth: number;
  name: string;
  /** The value, or how much is inside. */
  text: string;
  /** Can it be opened? */
  inner: boolean;
  open: boolean;
  /** Did the last event change it, or something in it? */
  changed: boolean;
  /** What it was before, for a changed value. */
  before: string | null;
}

/** Lines that are shown at most; a person reads no more. */
export const LINES_MAX = 400;

/** Children by name. */
function children(of: Tree): [string, Tree][] {
  if (of.type === "struct") return of.fields;
  if (of.type === "map") return of.entries;
  if (of.type === "list") return of.items.map((item, i) => [String(i), item]);
  return [];
}

function hidden(of: Tree): number {
  return of.type === "map" || of.type === "list" ? of.more : 0;
}

/** Is it a list so short that its items are written beside its name? */
function isInline(of: Tree): boolean {
  if (of.type !== "list" || of.items.length + of.more > 6) return false;
  return of.items.every((item) => item.type === "leaf");
}

/** A value in a few words. */
export function brief(of: Tree): string {
  if (of.type === "leaf") return of.text;
  const inside = children(of);
  if (of.type === "struct")
    return inside.length === 0 ? of.name : of.name ? `${of.name} {…}` : "{…}";
  const many = inside.length + hidden(of);
  if (many === 0) return of.type === "map" ? "{}" : "[]";
  if (isInline(of)) return `[${inside.map(([, i]) => brief(i)).join(", ")}]`;
  return of.type === "map" ? `{${many}}` : `[${many}]`;
}

function isInner(of: Tree): boolean {
  return of.type !== "leaf" && children(of).length > 0;
}

const join = (path: string, name: string) => (path ? `${path}.${name}` : name);

function has(changed: ReadonlySet<string>, path: string): boolean {
  if (changed.has(path)) return true;
  for (const one of changed) if (one.startsWith(`${path}.`)) return true;
  return false;
}

/** Is a node open? By a hand's choice, else when small, or when something in it changed. */
function isOpen(of: Tree, path: string, depth: number, choice: boolean | undefined, hot: boolean) {
  if (choice !== undefined) return choice;
  if (hot && path) return true;
  return depth < 2 && !isInline(of) && children(of).length <= 8;
}

/** The lines of a state; `choices` are the nodes that a hand opened or closed. */
export function treeLines(
  state: Tree,
  before: Tree | null,
  changedPaths: readonly string[],
  choices: ReadonlyMap<string, boolean>,
): { lines: TreeLine[]; more: number } {
  const changed = new Set(changedPaths);
  const lines: TreeLine[] = [];
  let more = 0;
  const walk = (of: Tree, was: Tree | null, path: string, depth: number) => {
    const then = new Map(was ? children(was) : []);
    for (const [name, item] of children(of)) {
      if (lines.length >= LINES_MAX) {
        more += 1;
        continue;
      }
      const at = join(path, name);
      const old = then.get(name) ?? null;
      const hot = has(changed, at);
      const inner = isInner(item);
      const open = inner && isOpen(item, at, depth, choices.get(at), hot);
      lines.push({
        path: at,
        depth,
        name,
        text: brief(item),
        inner,
        open,
        changed: hot,
        before: hot && !inner && old ? brief(old) : null,
      });
      if (open) walk(item, old, at, depth + 1);
    }
    more += hidden(of);
  };
  if (state.type === "leaf") {
    const hot = changed.size > 0;
    const was = hot && before ? brief(before) : null;
    lines.push({
      ...{ path: "", depth: 0, name: "state", text: state.text, inner: false, open: false },
      ...{ changed: hot, before: was },
    });
  } else walk(state, before, "", 0);
  return { lines, more };
}
