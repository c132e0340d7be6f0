// A selected peer: its targets, what it sent and heard, and what happened to it last.

import { useEffect, useState } from "preact/hooks";
import { lab } from "../api/client";
import type { LogLine } from "../api/types";
import { describe } from "../log/words";
import { Status, statusWord } from "../model/peers";
import type { Bench } from "../model/run";
import { watchRun } from "../state/bench";
import { adjust } from "../state/route";
import { Bar } from "../targets/bar";
import { bytes, exact, span } from "../words/format";
import { type Partner, partners } from "./partners";

const LINES = 14;
const AGAIN_MS = 1000;
const PARTNERS_SHOWN = 6;

export function PeerPanel({ bench, id }: { bench: Bench; id: number }) {
  watchRun();
  const { peers } = bench;
  const status = statusWord(peers.status[id] ?? Status.Waiting);
  const pid = peers.pid[id] ?? 0;
  const communities = peers.communities(id).map((c) => bench.communities[c] ?? "");
  const { to, from } = partners(bench.edges.list, id);
  return (
    <div data-testid="inspector">
      <p class={`status ${status}`}>
        {status}
        {peers.done[id] === 1 ? " · done" : ""}
        {pid > 0 && <span class="quiet number"> · process {pid}</span>}
      </p>
      {peers.targets(id).map(([target, current, goal]) => (
        <div class="gauge" key={target}>
          <span>{bench.targets[target]}</span>
          <span class="number">
            {exact(current)}/{exact(goal)}
          </span>
          <Bar share={goal > 0 ? current / goal : 1} label={bench.targets[target] ?? ""} />
        </div>
      ))}
      {communities.length > 0 && (
        <dl class="facts">
          <dt>{communities.length === 1 ? "community" : "communities"}</dt>
          <dd>{communities.join(", ")}</dd>
        </dl>
      )}
      <Partners title="Sent to" list={to} bench={bench} />
      <Partners title="Heard from" list={from} bench={bench} />
      <Latest bench={bench} id={id} />
    </div>
  );
}

function Partners({ title, list, bench }: { title: string; list: Partner[]; bench: Bench }) {
  if (list.length === 0) return null;
  const most = list[0]?.count ?? 1;
  const count = list.reduce((sum, p) => sum + p.count, 0);
  const size = list.reduce((sum, p) => sum + p.bytes, 0);
  return (
    <section class="partners">
      <h3>
        {title} {list.length === 1 ? "1 peer" : `${exact(list.length)} peers`}
        <span class="number quiet">
          {exact(count)} · {bytes(size)}
        </span>
      </h3>
      <ul>
        {list.slice(0, PARTNERS_SHOWN).map((partner) => (
          <li key={partner.peer} title={partner.lost ? `${exact(partner.lost)} lost` : undefined}>
            <button
              type="button"
              class="row-button number"
              onClick={() => adjust({ peer: partner.peer })}
            >
              {bench.peers.label(partner.peer)}
            </button>
            <i class="tally" style={{ transform: `scaleX(${partner.count / most})` }} />
            <span class="number">{exact(partner.count)}</span>
          </li>
        ))}
      </ul>
      {list.length > PARTNERS_SHOWN && (
        <p class="quiet">and {exact(list.length - PARTNERS_SHOWN)} more</p>
      )}
    </section>
  );
}

function Latest({ bench, id }: { bench: Bench; id: number }) {
  const [lines, setLines] = useState<LogLine[]>([]);
  const run = bench.run.id;
  const ended = bench.run.state === "ended";
  useEffect(() => {
    const stop = new AbortController();
    const ask = () =>
      lab
        .log(run, { peer: String(id), limit: LINES }, stop.signal)
        .then((page) => setLines(page.events.filter((e) => e.peer === id || e.other === id)))
        // The header says when the lab is gone; what is here stays.
        .catch(() => undefined);
    void ask();
    const timer = ended ? undefined : setInterval(ask, AGAIN_MS);
    return () => {
      stop.abort();
      clearInterval(timer);
    };
  }, [run, id, ended]);
  if (lines.length === 0) return null;
  return (
    <section class="latest">
      <h3>
        Latest
        <button type="button" class="plain" onClick={() => adjust({ view: "log" })}>
          Log
        </button>
      </h3>
      <ul>
        {[...lines]
          .sort((a, b) => b.t - a.t)
          .map((event) => (
            <li key={event.id} title={`${describe(event)} ${event.text}`}>
              <span class="number quiet">{span(event.t)}</span>
              <span class={`log-kind ${event.kind}`}>{event.kind}</span>
              <span class="log-text">{describe(event)}</span>
            </li>
          ))}
      </ul>
    </section>
  );
}
