// The two tables of a store: how far each replica is, and what it does in a second.

import { useState } from "preact/hooks";
import { LabError } from "../api/client";
import { type Service, stores } from "../api/stores";
import { complain, tell } from "../frame/toast";
import { ReplicaBar } from "../replicas/bar";
import { cellSentence, lineTitle } from "../replicas/words";
import { exact } from "../words/format";
import { COUNTERS, type Counter, type StoreNow, type StoreRow, spanOf } from "./model";
import { Spark } from "./spark";
import { asideWords, rateWords, standingWords } from "./words";

interface Props {
  address: string;
  now: StoreNow;
  /** Asks the store at once. */
  look: () => void;
  /** Does the store answer? */
  live: boolean;
}

/** Updates that are told apart in a bar: more would look like hatching where bars are short. */
const FIELDS_MAX = 12;

/** Who holds and has executed which updates. */
export function Progress(props: Props) {
  const { now } = props;
  return (
    <table class="replicas-table store-table progress" aria-label="How far each replica is">
      <thead>
        <tr>
          <th scope="col">Replica</th>
          <th scope="col">Answers calls</th>
          {now.lines.map((line) => (
            <th scope="col" key={line.slot}>
              {lineTitle(line)}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {now.rows.map((row) => (
          <ProgressRow key={row.peer} row={row} {...props} />
        ))}
      </tbody>
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
      {now.lines.map((line, i) => {
        const cell = row.cells[i] ?? { held: 0, executed: 0 };
        const says = cellSentence(cell, line.most);
        return (
          <td key={line.slot} title={`Replica ${row.peer} ${says} (${lineTitle(line)})`}>
            {row.silent ? (
              <span class="quiet">not known</span>
            ) : (
              <ReplicaBar
                cell={cell}
                most={line.most}
                label={`Replica ${row.peer}, ${lineTitle(line)}: ${says}`}
                fieldsMax={FIELDS_MAX}
              />
            )}
          </td>
        );
      })}
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
      {aside && <span class="store-aside quiet number">{aside}</span>}
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
      await stores.switch(address, row.peer, service);
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

const TITLES: Record<Counter, [title: string, what: string]> = {
  gossip_sent: ["gossip sent", "Gossip messages that it sends in a second"],
  gossip_received: ["gossip received", "Gossip messages that it receives in a second"],
  executed: [
    "updates executed",
    "Updates that it executes in a second, those that came by gossip among them",
  ],
  queries: ["queries answered", "Queries that it answers in a second"],
};

/** What each replica does in a second, over the last minutes, and what it keeps. */
export function Traffic(props: Props) {
  const { now } = props;
  const most = Object.fromEntries(COUNTERS.map((of) => [of, mostOf(now.rows, of)]));
  const span = spanOf(now);
  return (
    <table class="replicas-table store-table" aria-label="What each replica does in a second">
      <thead>
        <tr>
          <th scope="col">Replica</th>
          {COUNTERS.map((of) => (
            <th scope="col" key={of} title={TITLES[of][1]}>
              {TITLES[of][0]}
            </th>
          ))}
          <th scope="col" class="number" title="Updates that it still keeps for others">
            log
          </th>
          <th scope="col" class="number" title="Sessions whose calls it remembers">
            sessions
          </th>
          <th scope="col" class="number" title="Calls that wait for updates that they depend on">
            waiting
          </th>
          <th scope="col">
            <span class="unseen">Do</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {now.rows.map((row) => (
          <TrafficRow key={row.peer} row={row} most={most} span={span} {...props} />
        ))}
      </tbody>
    </table>
  );
}

/** The scale of all replicas' lines: the most of the window, and not less than 1 a second. */
function mostOf(rows: readonly StoreRow[], of: Counter): number {
  const all = rows.flatMap((row) => row.looks.map(({ rates }) => rates[of] ?? 0));
  return Math.max(1, ...all);
}

function TrafficRow({
  row,
  most,
  span,
  ...props
}: Props & { row: StoreRow; most: Record<string, number>; span: number }) {
  const { now, address, look, live } = props;
  const kept = (count: number | null) => (count === null ? "" : exact(count));
  return (
    <tr class="store-row" data-testid={`traffic-${row.peer}`} data-standing={row.standing}>
      <th scope="row">replica {row.peer}</th>
      {COUNTERS.map((of) => {
        const rate = row.now?.[of] ?? null;
        return (
          <td key={of} data-counter={of} data-rate={rate ?? ""}>
            <div class="spark-cell">
              <span class="number">{rateWords(rate) || <span class="unseen">not known</span>}</span>
              <Spark looks={row.looks} of={of} now={now.at} span={span} most={most[of] ?? 1} />
            </div>
          </td>
        );
      })}
      <td class="number">{kept(row.log)}</td>
      <td class="number">{kept(row.calls)}</td>
      <td class="number">{kept(row.log === null ? null : row.waiting)}</td>
      <td class="number">
        <Gossip address={address} row={row} look={look} live={live} />
      </td>
    </tr>
  );
}

/** Has the replica tell the others the news now. */
function Gossip({ address, row, look, live }: Omit<Props, "now"> & { row: StoreRow }) {
  const gossip = async () => {
    try {
      await stores.gossip(address, row.peer);
      tell(`Replica ${row.peer} has told the others its news.`);
    } catch (error) {
      complain(error instanceof LabError ? error.sentence : String(error));
    }
    look();
  };
  return (
    <button
      type="button"
      class="plain"
      title="It tells the others its news at once, in place of at the next tick"
      data-testid={`gossip-${row.peer}`}
      disabled={!row.reached || !live}
      onClick={() => void gossip()}
    >
      Gossip now
    </button>
  );
}
