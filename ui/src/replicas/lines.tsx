// The lines of updates in a table of replicas: a column for each, or, when they are many, all of them in one.

import { plural } from "../words/format";
import { ReplicaBar } from "./bar";
import type { Cell, Line, Row } from "./model";
import { cellSentence, lineName, lineTitle } from "./words";

/** More columns would leave no room for the bars: a store whose replicas lost disks, or came and went, has more. */
const COLUMNS_MAX = 5;

/** How many columns they take. */
export function columnsOf(lines: readonly Line[]): number {
  return lines.length > COLUMNS_MAX ? 1 : Math.max(1, lines.length);
}

const NOTHING: Cell = { held: 0, executed: 0 };

/** The heads of their columns. */
export function LineHeads({ lines }: { lines: readonly Line[] }) {
  if (lines.length === 0) return <th scope="col">updates</th>;
  if (lines.length > COLUMNS_MAX)
    return (
      <th scope="col">
        {plural(lines.length, "line")} of updates, by the replica that took them and its life
      </th>
    );
  return lines.map((line) => (
    <th scope="col" key={line.slot}>
      {lineTitle(line)}
    </th>
  ));
}

/** Why there are no bars, if there are none. */
function insteadOfBars({ member, silent, cells }: Row, lines: readonly Line[]): string | null {
  if (!member) return cells.some(({ held }) => held > 0) ? "has left the store" : "stands by";
  if (silent) return "told nothing yet";
  return lines.length === 0 ? "none yet" : null;
}

interface Props {
  /** What the replica is called. */
  of: string;
  row: Row;
  lines: readonly Line[];
}

/** How far a replica is with each of them. */
export function LineCells({ of, row, lines }: Props) {
  const instead = insteadOfBars(row, lines);
  if (instead)
    return (
      <td class="quiet" colSpan={columnsOf(lines)}>
        {instead}
      </td>
    );
  const isMany = lines.length > COLUMNS_MAX;
  const bars = lines.map((line, i) => {
    const cell = row.cells[i] ?? NOTHING;
    const bar = (
      <ReplicaBar
        cell={cell}
        most={line.most}
        label={`Replica ${of}, ${lineTitle(line)}: ${cellSentence(cell, line.most)}`}
        name={isMany ? lineName(line) : undefined}
      />
    );
    if (isMany) return <li key={line.slot}>{bar}</li>;
    return (
      <td key={line.slot} data-head={lineTitle(line)}>
        {bar}
      </td>
    );
  });
  if (!isMany) return bars;
  return (
    <td>
      <ul class="replica-lines" aria-label={`How far replica ${of} is with each line`}>
        {bars}
      </ul>
    </td>
  );
}
