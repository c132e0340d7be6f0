// The first event that differs: what both runs did up to there, and what each did then.

import type { Comparison } from "../api/figures";
import type { LogLine } from "../api/types";
import { format, runRoute } from "../state/route";
import { exact, plural, stamp } from "../words/format";
import { runLetter } from "./looks";

const ALIGNED = {
  "event by event":
    "Both are simulations, so they are compared event by event, in the order of time.",
  "peer by peer":
    "Real peers keep no common order, so what each peer did is compared, one peer at a time and without times.",
};

/** An event in a line. */
export function eventWords(of: LogLine): string {
  const other = of.other === null ? "" : ` ${of.kind === "sent" ? "to" : "from"} peer ${of.other}`;
  const where = of.peer === 0 ? "network" : `peer ${of.peer}`;
  return `${where} ${of.kind} ${of.name}${other} ${of.text}`.replaceAll(/\s+/g, " ").trim();
}

function Side({ of, run, letter }: { of: LogLine | null; run: string; letter: string }) {
  if (!of)
    return (
      <li>
        <strong>{letter}</strong> has nothing more here: it ended.
      </li>
    );
  const there = runRoute(run, { view: "spacetime", event: of.id, t: of.t, peer: of.peer || null });
  return (
    <li data-side={letter} data-event={of.id}>
      <strong>{letter}</strong> <span class="number">{stamp(of.t)}</span> {eventWords(of)}{" "}
      <a href={format(there)}>Show in space-time</a>
    </li>
  );
}

export function FirstDifference({ of }: { of: Comparison }) {
  const { difference, runs } = of;
  const [left, right] = runs;
  if (!left || !right) return null;
  return (
    <section data-testid="difference" data-same={difference?.same ?? ""}>
      <h2>The first event that differs</h2>
      {difference ? (
        <>
          <p class="quiet">{ALIGNED[difference.aligned]}</p>
          <p>
            {plural(difference.same, "event")} {difference.same === 1 ? "is" : "are"} the same
            {difference.n === null ? "" : `; they part at event ${exact(difference.n)}`}.
          </p>
          {difference.before.length > 0 && (
            <ol class="difference-before quiet" aria-label="What both did before">
              {difference.before.map((line) => (
                <li key={line.id}>
                  <span class="number">{stamp(line.t)}</span> {eventWords(line)}
                </li>
              ))}
            </ol>
          )}
          <ul class="difference-sides">
            <Side of={difference.left} run={left.id} letter={runLetter(0)} />
            <Side of={difference.right} run={right.id} letter={runLetter(1)} />
          </ul>
        </>
      ) : (
        <p data-testid="no-difference">
          A and B are the same from their first event to their last.
        </p>
      )}
      {runs.length > 2 && <p class="quiet">Events are compared between the first two runs.</p>}
    </section>
  );
}
