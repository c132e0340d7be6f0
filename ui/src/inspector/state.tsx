// What a peer holds at the cursor: its state, open timers, messages under way to it, disk and clock.

import type { ComponentChildren } from "preact";
import type { PeerState } from "../api/past";
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

function Part({
  title,
  count,
  open = false,
  children,
}: {
  title: string;
  count: number;
  open?: boolean;
  children: ComponentChildren;
}) {
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
    <Part title="Timers" count={of.timers.length}>
      <ul class="pairs">
        {of.timers.slice(0, SHOWN).map((timer) => (
          <li key={`${timer.at} ${timer.text}`}>
            <span class="number quiet" title={`at ${span(timer.at)}`}>
              in {span(Math.max(0, timer.at - of.t))}
            </span>
            <span class="code wrap">{timer.text}</span>
          </li>
        ))}
      </ul>
    </Part>
  );
}

function Inbox({ of, bench }: { of: PeerState; bench: Bench }) {
  return (
    <Part title="Under way to it" count={of.inbox.length}>
      <ul class="pairs">
        {of.inbox.slice(0, SHOWN).map((message, i) => (
          <li key={`${message.at} ${i}`} title={message.text}>
            <span class="number quiet">in {span(Math.max(0, message.at - of.t))}</span>
            <span>
              {message.kind} from{" "}
              <button
                type="button"
                class="row-button"
                onClick={() => adjust({ peer: message.from })}
              >
                {bench.peers.label(message.from)}
              </button>{" "}
              <span class="quiet">{bytes(message.bytes)}</span>
            </span>
          </li>
        ))}
      </ul>
    </Part>
  );
}

function Waiting({ of, bench }: { of: PeerState; bench: Bench }) {
  return (
    <Part title="Waiting behind its gate" count={of.waiting.length} open>
      <ul class="pairs">
        {of.waiting.slice(0, SHOWN).map((what, i) => (
          <li key={i} title={what.text}>
            <span class="quiet">{what.kind ?? "timer"}</span>
            <span class="code wrap">
              {what.from ? `from ${bench.peers.label(what.from)} ` : ""}
              {what.text}
            </span>
          </li>
        ))}
      </ul>
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
    <p class="clock number" data-testid="clock">
      Its clock: {sign}
      {span(Math.abs(offset_ns) / 1e9)}, drifts {exact(drift_ppm)} ppm
    </p>
  );
}
