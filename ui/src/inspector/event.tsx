// A selected event: what it is, its message in text and bytes, why it happened and what it led to.

import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { LabError } from "../api/client";
import { type Cone, type MessageBody, past } from "../api/past";
import type { LogLine, Run } from "../api/types";
import { describe } from "../log/words";
import type { Bench } from "../model/run";
import { cursor, seekEvent } from "../state/cursor";
import { adjust } from "../state/route";
import { bytes, exact, plural, span } from "../words/format";
import { EFFECTS_MAX, type Effects, effectsOf } from "./effects";
import { hexRows } from "./hex";

/** Steps of the path that are shown at once; a long chain is in the space-time diagram. */
const PATH_SHOWN = 12;

interface Known {
  line: LogLine | null;
  cone: Cone | null;
  effects: Effects | null;
  /** Why nobody knows what it led to. */
  effectsError: string | null;
  body: MessageBody | null;
  /** Why the body cannot be shown. */
  bodyError: string | null;
  error: string | null;
}

const NOTHING: Known = {
  ...{
    line: null,
    cone: null,
    effects: null,
    effectsError: null,
    body: null,
    bodyError: null,
    error: null,
  },
};

const why = (error: unknown) => (error instanceof LabError ? error.sentence : String(error));

function useEvent(of: Run, id: string): Known {
  const run = of.id;
  const [known, setKnown] = useState<Known>(NOTHING);
  useEffect(() => {
    const stop = new AbortController();
    const add = (more: Partial<Known>) => {
      if (!stop.signal.aborted) setKnown((before) => ({ ...before, ...more }));
    };
    const ask = async () => {
      const [line] = await past.events(run, [id], stop.signal);
      if (!line) return add({ error: `The run has no event ${id}. It may not be recorded yet.` });
      add({ line });
      const cone = past.cone(run, id, stop.signal).then((cone) => add({ cone }));
      const effects = effectsOf(of, line, stop.signal)
        .then((effects) => add({ effects }))
        .catch((error) => add({ effectsError: why(error) }));
      if (line.kind === "sent" || line.kind === "delivered" || line.kind === "dropped")
        await past
          .message(run, id, stop.signal)
          .then((body) => add({ body }))
          .catch((error) => add({ bodyError: why(error) }));
      await Promise.all([cone, effects]);
    };
    setKnown(NOTHING);
    ask().catch((error: unknown) => add({ error: why(error) }));
    return () => stop.abort();
  }, [run, id]);
  return known;
}

export function EventPanel({ bench, id }: { bench: Bench; id: string }) {
  const known = useEvent(bench.run, id);
  const { line, error } = known;
  if (!line)
    return (
      <p class={error ? "field-error" : "quiet"} data-testid="event-error">
        {error ?? "Asking for the event…"}
      </p>
    );
  return (
    <div data-testid="event" data-event={line.id} data-kind={line.kind}>
      <p>
        <b class={`log-kind ${line.kind}`}>{line.kind}</b> {describe(line)}
      </p>
      <Fields line={line} bench={bench} />
      <div class="acts">
        {cursor.value?.event?.id !== line.id && (
          <button
            type="button"
            class="act"
            data-testid="go-there"
            title="Move the cursor right behind this event"
            onClick={() => seekEvent(line.id)}
          >
            Go there
          </button>
        )}
        <button
          type="button"
          class="act"
          data-testid="in-spacetime"
          onClick={() => adjust({ view: "spacetime", event: line.id })}
        >
          Show in space-time
        </button>
      </div>
      <Body known={known} />
      <Why known={known} />
      {known.effects ? (
        <LedTo {...known.effects} />
      ) : (
        <p class="quiet">
          {known.effectsError ?? "Looking through the recording for what it led to…"}
        </p>
      )}
    </div>
  );
}

function Fields({ line, bench }: { line: LogLine; bench: Bench }) {
  return (
    <dl class="facts">
      <dt>time</dt>
      <dd class="number" title={`${line.t} s`}>
        {line.t.toFixed(6)} s
      </dd>
      {line.peer > 0 && (
        <Fact name="peer">
          <PeerButton peer={line.peer} bench={bench} />
        </Fact>
      )}
      {line.other && (
        <Fact name={line.kind === "sent" || line.kind === "dropped" ? "to" : "from"}>
          <PeerButton peer={line.other} bench={bench} />
        </Fact>
      )}
      {line.name && <Fact name="name">{line.name}</Fact>}
      {line.goal > 0 && (
        <Fact name="target">
          {exact(line.value)}/{exact(line.goal)}
        </Fact>
      )}
      {line.bytes > 0 && <Fact name="size">{plural(line.bytes, "byte")}</Fact>}
      {line.community && <Fact name="community">{line.community}</Fact>}
      {line.text && <Fact name="text">{line.text}</Fact>}
    </dl>
  );
}

function Fact({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <>
      <dt>{name}</dt>
      <dd class="number wrap">{children}</dd>
    </>
  );
}

function PeerButton({ peer, bench }: { peer: number; bench: Bench }) {
  return (
    <button type="button" class="row-button" onClick={() => adjust({ peer })}>
      {bench.peers.label(peer)}
    </button>
  );
}

function Body({ known }: { known: Known }) {
  const { body, bodyError } = known;
  if (bodyError)
    return (
      <section>
        <h3>Message</h3>
        <p class="quiet">{bodyError}</p>
      </section>
    );
  if (!body) return null;
  const rows = hexRows(body.bytes);
  const short = body.bytes.length / 2 < body.length;
  return (
    <section data-testid="message" data-source={body.source}>
      <h3>
        Message <span class="quiet number">{bytes(body.length)}</span>
      </h3>
      {body.text && <pre class="body-text">{body.text}</pre>}
      <table class="hex code">
        <caption class="unseen">Bytes of the message</caption>
        <tbody>
          {rows.map((row) => (
            <tr key={row.offset}>
              <th scope="row">{row.offset}</th>
              <td>{row.bytes}</td>
              <td class="quiet">{row.letters}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <p class="quiet">
        {short ? `The first ${plural(body.bytes.length / 2, "byte")}. ` : ""}
        {body.source === "re-executed" ? "Made again by running the simulation." : "As recorded."}
      </p>
    </section>
  );
}

function Why({ known }: { known: Known }) {
  const { cone } = known;
  if (!cone) return null;
  const path = cone.path.slice(0, -1);
  const shown = path.slice(-PATH_SHOWN);
  return (
    <section data-testid="why" data-steps={cone.path.length}>
      <h3>
        Why <span class="quiet number">{plural(path.length, "step")}</span>
      </h3>
      {path.length === 0 ? (
        <p class="quiet">
          {known.line?.peer === 0
            ? "It concerns the run as a whole."
            : "Nothing in the trace caused it."}
        </p>
      ) : (
        <>
          {path.length > shown.length && (
            <p class="quiet">{exact(path.length - shown.length)} earlier steps</p>
          )}
          <EventList lines={shown} />
        </>
      )}
      {cone.past.events + cone.future.events > 0 && (
        <p class="quiet number">
          {plural(cone.past.events, "event")} at {plural(cone.past.peers.length, "peer")} could have
          led to it; it could have led to {exact(cone.future.events)} at{" "}
          {plural(cone.future.peers.length, "peer")}.
        </p>
      )}
    </section>
  );
}

function LedTo({ lines, more }: Effects) {
  const rest = lines.length - PATH_SHOWN;
  if (lines.length === 0 && !more) return null;
  return (
    <section data-testid="effects" data-count={lines.length} data-more={more}>
      <h3>
        Led to{" "}
        <span class="quiet number">
          {more ? "at least " : ""}
          {plural(lines.length, "event")}
        </span>
      </h3>
      {lines.length === 0 && <p class="quiet">Nothing in the part that was looked through.</p>}
      <EventList lines={lines.slice(0, PATH_SHOWN)} />
      {rest > 0 && (
        <p class="quiet">
          and {more ? "at least " : ""}
          {exact(rest)} more
          {more ? `: the lab lists the first ${exact(EFFECTS_MAX)}` : ""}
        </p>
      )}
    </section>
  );
}

function EventList({ lines }: { lines: LogLine[] }) {
  return (
    <ul class="latest">
      {lines.map((line) => (
        <li key={line.id}>
          <button
            type="button"
            class="latest-line"
            title={describe(line)}
            data-event={line.id}
            onClick={() => adjust({ event: line.id })}
          >
            <span class="number quiet">{span(line.t)}</span>
            <span class={`log-kind ${line.kind}`}>{line.kind}</span>
            <span class="log-text">
              {line.peer > 0 ? `${line.peer}: ` : ""}
              {describe(line)}
            </span>
          </button>
        </li>
      ))}
    </ul>
  );
}
