// A peer's state, field by field; what the last event changed is marked, with what it was before.

import { useState } from "preact/hooks";
import type { Tree } from "../api/past";
import { exact } from "../words/format";
import { type TreeLine, treeLines } from "./lines";

interface Props {
  state: Tree;
  before: Tree | null;
  changed: readonly string[];
}

export function StateTree({ state, before, changed }: Props) {
  const [choices, setChoices] = useState<ReadonlyMap<string, boolean>>(new Map());
  const { lines, more } = treeLines(state, before, changed, choices);
  const toggle = (line: TreeLine) => setChoices(new Map(choices).set(line.path, !line.open));
  return (
    <>
      <ul class="tree" data-testid="state-tree" data-changed={changed.join(" ")}>
        {lines.map((line) => (
          <li
            key={line.path}
            class={line.changed ? "changed" : ""}
            style={{ paddingLeft: `${line.depth * 10}px` }}
            data-path={line.path}
            data-value={line.text}
          >
            <Name line={line} toggle={toggle} />
            <span class="tree-value">
              {line.before !== null && line.before !== line.text && (
                <>
                  <del>{line.before}</del> <span aria-hidden="true">→</span>{" "}
                </>
              )}
              {line.text}
            </span>
          </li>
        ))}
      </ul>
      {more > 0 && <p class="quiet">and {exact(more)} more that are not shown</p>}
    </>
  );
}

function Name({ line, toggle }: { line: TreeLine; toggle: (line: TreeLine) => void }) {
  if (!line.inner) return <span class="tree-name leaf">{line.name}</span>;
  return (
    <button
      type="button"
      class="tree-name"
      aria-expanded={line.open}
      aria-label={`${line.name}${line.changed ? ", changed" : ""}`}
      onClick={() => toggle(line)}
    >
      <i aria-hidden="true">{line.open ? "▾" : "▸"}</i>
      {line.name}
    </button>
  );
}
