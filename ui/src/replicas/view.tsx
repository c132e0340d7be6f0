// The replicas of a store: who holds which updates, and who has executed them, at the cursor.

import { Status, statusWord } from "../model/peers";
import type { Bench } from "../model/run";
import { watchRun } from "../state/bench";
import { adjust, selectedPeer } from "../state/route";
import { exact, span } from "../words/format";
import { Asking } from "./asking";
import { LineCells, LineHeads } from "./lines";
import { gapOf, type Line, type Replicas, type Row, replicasOf } from "./model";
import { gapSentence } from "./words";

/** What the space-time diagram searches for to follow an update: its way from a front end to a replica. */
const UPDATES = "sent update";

export function ReplicasView({ bench }: { bench: Bench }) {
  watchRun();
  const replicas = replicasOf(bench.gauges);
  if (replicas.rows.length === 0) return <NoReplicas bench={bench} />;
  const label = (peer: number) => bench.peers.label(peer);
  const members = replicas.rows.filter(({ member }) => member).length;
  return (
    <div class="replicas">
      <div class="replicas-tools">
        <p class="replicas-words number" data-testid="replicas-words" role="status">
          At {span(bench.now)}: {gapSentence(gapOf(replicas), members, label)}
        </p>
        <Legend />
        <button
          type="button"
          class="plain framed"
          data-testid="follow-update"
          title="Search the space-time diagram for updates on their way; one that is selected shows what followed from it"
          onClick={() => adjust({ view: "spacetime", find: UPDATES, event: null })}
        >
          Follow an update
        </button>
      </div>
      <section
        class="replicas-stage"
        aria-label="Replicas and their updates"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard
        tabIndex={0}
      >
        <Table bench={bench} replicas={replicas} />
        {bench.gauges.leftOut > 0 && (
          <p class="notice" role="status">
            The lab follows only so many measured values; some replicas may be farther than is
            shown.
          </p>
        )}
      </section>
      <Asking bench={bench} replicas={replicas.rows.map(({ peer }) => peer)} />
    </div>
  );
}

/** What the bars mean. */
export function Legend() {
  return (
    <ul class="replicas-legend" aria-label="What the bars mean">
      <li>
        <i class="replica-key executed" /> executed
      </li>
      <li>
        <i class="replica-key held" /> held, not executed yet
      </li>
      <li>
        <i class="replica-key" /> held only by others
      </li>
    </ul>
  );
}

function Table({ bench, replicas }: { bench: Bench; replicas: Replicas }) {
  const { lines, rows } = replicas;
  return (
    <table class="replicas-table measured" aria-label="How far each replica is">
      <colgroup>
        <col class="column-name" />
        <col class="column-count" span={2} />
      </colgroup>
      <thead>
        <tr>
          <th scope="col">Replica</th>
          <th scope="col" class="number" title="Updates that it still keeps for others">
            log
          </th>
          <th scope="col" class="number" title="Sessions whose calls it remembers">
            calls
          </th>
          <LineHeads lines={lines} />
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <ReplicaRow key={row.peer} bench={bench} row={row} lines={lines} />
        ))}
      </tbody>
    </table>
  );
}

function ReplicaRow({ bench, row, lines }: { bench: Bench; row: Row; lines: readonly Line[] }) {
  const { peer } = row;
  const here = selectedPeer.value === peer;
  const name = bench.peers.label(peer);
  const status = bench.statusOf(peer);
  const select = () => adjust({ peer: here ? null : peer });
  const held = row.cells.map(({ held }) => held);
  const executed = row.cells.map(({ executed }) => executed);
  return (
    // The button does the same for the keyboard.
    <tr
      class="replica-row"
      aria-current={here}
      data-testid={`replica-${peer}`}
      data-status={statusWord(status)}
      data-service={row.service}
      data-member={row.member}
      data-away={status === Status.Crashed}
      data-held={held.join()}
      data-executed={executed.join()}
      data-log={row.log ?? ""}
      data-calls={row.calls ?? ""}
      onClick={select}
    >
      <th scope="row">
        <button
          type="button"
          class="row-button"
          aria-pressed={here}
          title={here ? "Let go of this replica" : "Show this replica in the inspector"}
          onClick={(event) => {
            event.stopPropagation();
            select();
          }}
        >
          replica {name}
        </button>
        <State row={row} status={status} />
      </th>
      <td class="number" data-head="log">
        {row.log === null ? "" : exact(row.log)}
      </td>
      <td class="number" data-head="calls">
        {row.calls === null ? "" : exact(row.calls)}
      </td>
      <LineCells of={name} row={row} lines={lines} />
    </tr>
  );
}

/** Whether the replica runs, and answers. */
function State({ row, status }: { row: Row; status: number }) {
  const word = statusWord(status);
  if (status !== Status.Up) return <span class={`status ${word}`}>{word}</span>;
  if (!row.member) return <span class="status">no member</span>;
  if (row.service !== "online") return <span class="status paused">{row.service}</span>;
  if (row.silent) return <span class="status">booted</span>;
  return <span class="status up">up</span>;
}

function NoReplicas({ bench }: { bench: Bench }) {
  const why = bench.aggregated
    ? "A run of so many peers is told in groups, so what single peers measure is not followed."
    : `No peer of ${bench.run.title || bench.run.name} has measured how far its updates are. Replicas of a store do so; the gallery has experiments with one.`;
  return (
    <p class="empty" data-testid="no-replicas">
      {why}
    </p>
  );
}
