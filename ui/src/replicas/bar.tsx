// How far a replica is with one line: what it has executed is full, what it only holds is hatched, and what
// it lacks of what others hold is empty.

import { exact } from "../words/format";
import type { Cell } from "./model";

/** Up to so many updates, each is a field of its own; more would look like hatching where bars are short. */
const FIELDS_MAX = 12;

interface Props {
  cell: Cell;
  most: number;
  label: string;
  /** What the line is called, where no column says so. */
  name?: string | undefined;
}

export function ReplicaBar({ cell, most, label, name }: Props) {
  const share = (count: number) => (most > 0 ? `${(100 * count) / most}%` : "0%");
  const lacks = most - cell.held;
  const lacking = lacks > 0 ? `−${exact(lacks)}` : "";
  return (
    <div class="replica-cell" title={label}>
      {name && (
        <span class="replica-short" aria-hidden="true">
          <span class="quiet">{name}</span>
          {lacking ? (
            <span class="replica-lack number">{lacking}</span>
          ) : (
            <span class="number">{exact(most)}</span>
          )}
        </span>
      )}
      <div
        class="replica-bar"
        role="img"
        aria-label={label}
        data-fields={most > 0 && most <= FIELDS_MAX}
        style={{ "--fields": most }}
      >
        <i class="held" style={{ width: share(cell.held) }} />
        <i class="executed" style={{ width: share(cell.executed) }} />
      </div>
      {!name && (
        <span class="replica-counts number" aria-hidden="true">
          {exact(cell.held)}
          <span class="quiet">/{exact(most)}</span>
          <span class="replica-lack">{lacking}</span>
        </span>
      )}
    </div>
  );
}
