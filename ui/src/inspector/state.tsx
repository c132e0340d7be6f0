// What a peer holds at the cursor: its state, open timers, messages under way to it, disk and clock.

import type { ComponentChildren } from "preact";
import type { PeerState, Pending } from "../api/past";
import type { Bench } from "../model/run";
import { cursor } from "../state/cursor";
import { adopt, canAdopt, set } from "../state/draft";
import { leftFolded, leftTab } from "../state/preferences";
import { adjust } from "../state/route";
import { bytes, exact, span } from "../words/format";
import { useMoment } from "./moment";
import { StateTree } from "./tree";

/** Entries of a list that are shown; the rest is counted. */
const SHOWN = 8;

export function StateSection({ bench, id }: { bench: Bench; id: number }) {
  if (bench.run.mode !== "sim") return <NoState bench={bench} />;
  return <Simulated bench={bench} id={id} />;
}

/** Real peers keep their state to themselves. */
function NoState({ bench }: { bench: Bench }) {
  return (
    <section class="holding" data-testid="no-state">
      <h3>State</h3>
      <p class="quiet">
        {bench.run.mode === "processes"
          ? "A real process keeps its state to itself; the trace tells what it did. A simulation with the same seed shows every field."
          : "This program reports what it does, not what it holds."}
      </p>
      {bench.run.mode === "processes" && canAdopt(bench.run) && (
        <button
          type="button"
          class="plain"
          onClick={() => {
            adopt(bench.run);
            set("mode", "sim");
            leftTab.value = "experiments";
            leftFolded.value = false;
          }}
        >
          Simulate it with this seed
        </button>
      )}
    </section>
  );
}

function Simulated({ bench, id }: { bench: Bench; id: number }) {
  const { state, error, asking } = useMoment(bench.run.id, id, cursor.value);
  if (!state)
    return (
      <section class="holding">
        <h3>State</h3>
        <p class={error ? "field-error" : "quiet"} data-testid="state-error">
          {error ?? "Asking for its state…"}
        </p>
      </section>
    );
  return (
    <div
      class={asking ? "asking" : ""}
      data-testid="peer-state"
      data-t={state.t}
      data-event={state.event ?? ""}
    >
      <section class="holding">
        <h3>
          State
          <span class="quiet number">at {span(state.t)}</span>
        </h3>
        {state.changed.length > 0 && <p class="quiet">Marked: what its last event changed.</p>}
        <StateTree state={state.state} before={state.before} changed={state.changed} />
      </section>
      <Timers of={state} />
      <Inbox of={state} bench={bench} />
      <Waiting of={state} bench={bench} />
      <Disk of={state} />
      <Clock of={state} />
    </div>
  );
}

interface PartProps {
  title: string;
  count: number;
  open?: boolean;
  children: ComponentChildren;
}

function Part({ title, count, open = false, children }: PartProps) {
  if (count === 0) return null;
  return (
    <details class="part" open={open} data-testid={`part-${title.split(" ")[0]?.toLowerCase()}`}>
      <summary>
        {title} <span class="quiet number">{exact(count)}</span>
      </summary>
      {children}
      {count > SHOWN && <p class="quiet">and {exact(count - SHOWN)} more</p>}
    </details>
  );
}

function Timers({ of }: { of: PeerState }) {
  return (
    <Part title="Timers" count={of.timers.length + of.timers_more}>
      <ul class="pairs">
        {of.timers.slice(0, SHOWN).map((timer, i) => (
          <li key={i} title={timer.at === null ? undefined : `at ${span(timer.at)}`}>
            <When at={timer.at} now={of.t} />
            <span class="code wrap">{timer.text || timer.kind}</span>
          </li>
        ))}
      </ul>
    </Part>
  );
}

/** How long until it reaches the peer. */
function When({ at, now }: { at: number | null; now: number }) {
  return (
    <span class="number quiet">{at === null ? "waits" : `in ${span(Math.max(0, at - now))}`}</span>
  );
}

function Inputs({ list, now, bench }: { list: Pending[]; now: number; bench: Bench }) {
  return (
    <ul class="pairs">
      {list.slice(0, SHOWN).map((input, i) => (
        <li key={i} title={input.text}>
          <When at={input.at} now={now} />
          <span>
            {input.what === "message" ? input.kind : `${input.what} ${input.kind}`}
            <From peer={input.from} bench={bench} />
            {input.bytes > 0 && <span class="quiet"> {bytes(input.bytes)}</span>}
          </span>
        </li>
      ))}
    </ul>
  );
}

function From({ peer, bench }: { peer: number | null; bench: Bench }) {
  if (peer === null) return null;
  return (
    <>
      {" "}
      from{" "}
      <button type="button" class="row-button" onClick={() => adjust({ peer })}>
        {bench.peers.label(peer)}
      </button>
    </>
  );
}

function Inbox({ of, bench }: { of: PeerState; bench: Bench }) {
  return (
    <Part title="Under way to it" count={of.inbox.length + of.inbox_more}>
      <Inputs list={of.inbox} now={of.t} bench={bench} />
    </Part>
  );
}

function Waiting({ of, bench }: { of: PeerState; bench: Bench }) {
  return (
    <Part title="Waiting behind its gate" count={of.waiting.length + of.waiting_more} open>
      <Inputs list={of.waiting} now={of.t} bench={bench} />
    </Part>
  );
}

function Disk({ of }: { of: PeerState }) {
  const { entries, more } = of.disk;
  return (
    <Part title="Disk" count={entries.length + more}>
      <ul class="pairs">
        {entries.slice(0, SHOWN).map((entry) => (
          <li key={entry.key} title={`${entry.key}: ${entry.value}`}>
            <span class="code wrap">{entry.key}</span>
            <span class="code">
              {entry.value} <span class="quiet">{bytes(entry.bytes)}</span>
              {!entry.durable && <em class="not-durable"> not durable yet</em>}
            </span>
          </li>
        ))}
      </ul>
      <p class="quiet number">{bytes(of.disk.bytes)} in all</p>
    </Part>
  );
}

function Clock({ of }: { of: PeerState }) {
  const { offset_ns, drift_ppm } = of.clock;
  if (offset_ns === 0 && drift_ppm === 0) return null;
  const sign = offset_ns < 0 ? "−" : "+";
  return (
    <p class="clock number" data-testid="peer-clock">
      Its clock: {sign}
      {span(Math.abs(offset_ns) / 1e9)}, drifts {exact(drift_ppm)} ppm
    </p>
  );
}
