// How far each replica of a store is, whether it answers calls, and who stands by.

import { useState } from "preact/hooks";
import { LabError } from "../api/client";
import { stores as api, type Service } from "../api/stores";
import { complain } from "../frame/toast";
import { columnsOf, LineCells, LineHeads } from "../replicas/lines";
import { stores } from "../state/stores";
import type { StoreNow, StoreRow } from "./model";
import { addCommand, asideWords, spareWords, standingWords } from "./words";

/** What the tables of a store are made from. */
export interface Props {
  address: string;
  now: StoreNow;
  /** Asks the store at once. */
  look: () => void;
  /** Does the store answer? */
  live: boolean;
}

/** Who holds and has executed which updates; below them the spares. */
export function Progress(props: Props) {
  const { now } = props;
  const members = now.rows.filter(({ member }) => member);
  const spares = now.rows.filter(({ member }) => !member);
  return (
    <table class="replicas-table store-table progress" aria-label="How far each replica is">
      <colgroup>
        <col class="column-name" />
        <col class="column-switch" />
      </colgroup>
      <thead>
        <tr>
          <th scope="col">Replica</th>
          <th scope="col">Answers calls</th>
          <LineHeads lines={now.lines} />
        </tr>
      </thead>
      <tbody>
        {members.map((row) => (
          <ProgressRow key={row.peer} row={row} {...props} />
        ))}
      </tbody>
      {spares.length > 0 && (
        <tbody class="spares" aria-label="Spares">
          {spares.map((row) => (
            <SpareRow key={row.peer} row={row} {...props} />
          ))}
        </tbody>
      )}
    </table>
  );
}

function ProgressRow({ row, ...props }: Props & { row: StoreRow }) {
  const { now } = props;
  return (
    <tr
      class="store-row"
      data-testid={`replica-${row.peer}`}
      data-standing={row.standing}
      data-reached={row.reached}
      data-away={!row.reached}
      data-service={row.service}
      data-held={row.cells.map(({ held }) => held).join()}
      data-executed={row.cells.map(({ executed }) => executed).join()}
    >
      <th scope="row">
        <Name row={row} now={now} />
      </th>
      <td>
        <Switch row={row} {...props} />
      </td>
      <LineCells of={String(row.peer)} row={row} lines={now.lines} />
    </tr>
  );
}

/** A spare serves nobody: what one wants to know is how to have it serve. */
function SpareRow({ row, now, address }: Props & { row: StoreRow }) {
  return (
    <tr
      class="store-row"
      data-testid={`replica-${row.peer}`}
      data-standing={row.standing}
      data-reached={row.reached}
    >
      <th scope="row">
        <span class="store-name">
          replica {row.peer}
          <span class="standing" data-standing={row.standing}>
            {standingWords(row)}
          </span>
        </span>
      </th>
      <td colSpan={1 + columnsOf(now.lines)}>
        {spareWords(row)}
        {row.reached && row.fenced && (
          <>
            : <code>{addCommand(row.peer, address, stores.value ?? [])}</code>
          </>
        )}
      </td>
    </tr>
  );
}

/** Its name, how it is, and what else is worth knowing. */
function Name({ row, now }: { row: StoreRow; now: StoreNow }) {
  const aside = asideWords(row, now.at, now.primary);
  return (
    <>
      <span class="store-name">
        replica {row.peer}
        <span class="standing" data-standing={row.standing}>
          {standingWords(row)}
        </span>
      </span>
      {aside && (
        <span
          class="store-aside quiet number"
          title={row.peer === now.primary ? "The primary orders forced updates" : undefined}
        >
          {aside}
        </span>
      )}
    </>
  );
}

const SERVICES: [Service, string, string][] = [
  ["online", "Online", "It answers calls"],
  ["offline", "Offline", "It answers no calls; gossip goes on"],
  ["overloaded", "Overloaded", "It says that it has too much to do"],
];

/** Has the replica answer calls, or not. */
function Switch({ address, row, look, live }: Props & { row: StoreRow }) {
  const [busy, setBusy] = useState(false);
  const change = async (service: Service) => {
    setBusy(true);
    try {
      await api.switch(address, row.peer, service);
    } catch (error) {
      complain(error instanceof LabError ? error.sentence : String(error));
    }
    setBusy(false);
    look();
  };
  return (
    <fieldset class="segments" aria-label={`Replica ${row.peer} answers calls`}>
      {SERVICES.map(([service, text, what]) => (
        <button
          type="button"
          key={service}
          title={what}
          data-text={text}
          data-testid={`replica-${row.peer}-${service}`}
          aria-pressed={row.reached && row.service === service}
          disabled={busy || !row.reached || !live}
          onClick={() => void change(service)}
        >
          {text}
        </button>
      ))}
    </fieldset>
  );
}
