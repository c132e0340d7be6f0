// The kinds of message: their colours and counts. A click hides a kind or shows it again.

import type { Bench } from "../model/run";
import { watchRun } from "../state/bench";
import { theme } from "../state/preferences";
import { bytes, count, exact } from "../words/format";
import { kindColor } from "./colors";
import { hiddenKinds, toggleKind } from "./settings";

export function Legend({ bench }: { bench: Bench }) {
  watchRun();
  const dark = theme.value === "dark";
  if (bench.kinds.length === 0) return null;
  return (
    <ul class="legend" aria-label="Kinds of message">
      {bench.kinds.map((name, kind) => {
        const of = bench.kindCounts[kind];
        if (!of) return null;
        const hidden = hiddenKinds.value.has(kind);
        return (
          <li key={name}>
            <button
              type="button"
              aria-pressed={!hidden}
              title={`${exact(of.sent)} messages, ${exact(of.bytes)} bytes. Click to ${hidden ? "show" : "hide"}.`}
              onClick={() => toggleKind(kind)}
            >
              <i class="swatch" style={{ background: kindColor(kind, dark) }} />
              <span class="legend-name">{name || "message"}</span>
              <span class="number">{count(of.sent)}</span>
              <span class="number quiet">{bytes(of.bytes)}</span>
            </button>
          </li>
        );
      })}
    </ul>
  );
}
