// How far a replica is with one line: what it has executed is full, what it only holds is hatched, and what
// it lacks of what others hold is empty.

import { exact } from "../words/format";
import type { Cell } from "./model";

const FIELDS_MAX = 40;

interface Props {
  cell: Cell;
  most: number;
  label: string;
  /** Up to so many updates, each is a field of its own; in a short bar, fewer. */
  fieldsMax?: number;
}

export function ReplicaBar({ cell, most, label, fieldsMax = FIELDS_MAX }: Props) {
  const share = (count: number) => (most > 0 ? `${(100 * count) / most}%` : "0%");
  const lacks = most - cell.held;
  return (
    <div class="replica-cell">
      <div
        class="replica-bar"
        role="img"
        aria-label={label}
        data-fields={most > 0 && most <= fieldsMax}
        style={{ "--fields": most }}
      >
        <i class="held" style={{ width: share(cell.held) }} />
        <i class="executed" style={{ width: share(cell.executed) }} />
      </div>
      <span class="number" aria-hidden="true">
        {exact(cell.held)}
        <span class="quiet">/{exact(most)}</span>
      </span>
      <span class="replica-lack number" aria-hidden="true">
        {lacks > 0 ? `−${exact(lacks)}` : ""}
      </span>
    </div>
  );
}
