// Where the page is in the run's time, in words, and the counts up to there.

import { describe } from "../log/words";
import type { Bench } from "../model/run";
import { watchRun } from "../state/bench";
import { cursor, inPast, wanted } from "../state/cursor";
import { adjust } from "../state/route";
import { runEnd, timeline, timelineError } from "../state/timeline";
import { bytes, count, exact, span } from "../words/format";

export function Band({ of }: { of: Bench }) {
  return (
    <div class={`band ${inPast.value ? "past" : ""}`} data-testid="band">
      <p class="band-words" role="status" aria-live="off">
        <Place of={of} />
      </p>
      <Figures of={of} />
    </div>
  );
}

function Place({ of }: { of: Bench }) {
  watchRun();
  const at = cursor.value;
  if (timeline.value?.recorded === false)
    return (
      <span class="quiet">This run keeps no recording, so there is no past to go back to.</span>
    );
  if (!at)
    return <span class="quiet">{timelineError.value ?? "Asking for the run's course…"}</span>;
  const t = wanted.value ?? at.t;
  const event = at.event;
  const where = inPast.value
    ? `${span(t)} of ${span(runEnd.value)}`
    : of.present.state === "ended"
      ? `end: ${span(at.t)}`
      : span(at.t);
  return (
    <>
      <strong class="band-name">
        {inPast.value ? "past" : of.present.state === "ended" ? "" : "live"}
      </strong>
      <span class="number">{where}</span>
      <span class="quiet number">
        event {exact(at.n)} of {exact(at.of)}
      </span>
      {event && (
        <button
          type="button"
          class="band-event"
          data-testid="cursor-event"
          data-event={event.id}
          title="Look into this event"
          onClick={() => adjust({ event: event.id, peer: null, link: null })}
        >
          <b>{event.kind}</b> {event.peer > 0 && `at peer ${of.peers.label(event.peer)}`}{" "}
          {describe(event)}
        </button>
      )}
    </>
  );
}

/** Totals up to the cursor. */
function Figures({ of }: { of: Bench }) {
  watchRun();
  const { messages } = of.run;
  return (
    <dl class="figures">
      <Figure
        name="messages"
        value={count(messages.sent)}
        title={`${exact(messages.sent)} sent, ${exact(messages.delivered)} delivered`}
        testid="messages-sent"
        data={messages.sent}
      />
      <Figure
        name="lost"
        value={count(messages.dropped)}
        title={`${exact(messages.dropped)} messages lost`}
        testid="messages-dropped"
        data={messages.dropped}
      />
      <Figure
        name=""
        value={bytes(messages.bytes)}
        title={`${exact(messages.bytes)} bytes sent`}
        testid="messages-bytes"
        data={messages.bytes}
      />
    </dl>
  );
}

interface FigureProps {
  name: string;
  value: string;
  title: string;
  testid: string;
  data: number;
}

function Figure({ name, value, title, testid, data }: FigureProps) {
  return (
    <div title={title}>
      <dt class={name ? "quiet" : "unseen"}>{name || "bytes"}</dt>
      <dd class="number" data-testid={testid} data-value={data}>
        {value}
      </dd>
    </div>
  );
}
