// What each replica of a store does in a second, over the last minutes, and what it keeps.

import { LabError } from "../api/client";
import { stores } from "../api/stores";
import { complain, tell } from "../frame/toast";
import { exact } from "../words/format";
import { COUNTERS, type Counter, type StoreRow, spanOf } from "./model";
import type { Props } from "./progress";
import { Spark } from "./spark";
import { rateWords } from "./words";

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
  // Spares do nothing.
  const members = now.rows.filter(({ member }) => member);
  const most = Object.fromEntries(COUNTERS.map((of) => [of, mostOf(members, of)]));
  const span = spanOf(now);
  return (
    <table
      class="replicas-table store-table traffic"
      aria-label="What each replica does in a second"
    >
      <colgroup>
        <col class="column-name" />
        {COUNTERS.map((of) => (
          <col key={of} />
        ))}
        <col class="column-count" span={3} />
        <col class="column-do" />
      </colgroup>
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
        {members.map((row) => (
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
          <td key={of} data-head={TITLES[of][0]} data-counter={of} data-rate={rate ?? ""}>
            <div class="spark-cell">
              <span class="number">{rateWords(rate) || <span class="unseen">not known</span>}</span>
              <Spark looks={row.looks} of={of} now={now.at} span={span} most={most[of] ?? 1} />
            </div>
          </td>
        );
      })}
      <td class="number" data-head="log">
        {kept(row.log)}
      </td>
      <td class="number" data-head="sessions">
        {kept(row.calls)}
      </td>
      <td class="number" data-head="waiting">
        {kept(row.log === null ? null : row.waiting)}
      </td>
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
      aria-label={`Gossip now: replica ${row.peer}`}
      title="It tells the others its news at once, in place of at the next tick"
      data-testid={`gossip-${row.peer}`}
      disabled={!row.reached || !live}
      onClick={() => void gossip()}
    >
      Gossip now
    </button>
  );
}
