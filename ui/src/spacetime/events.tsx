// The events in sight as a list: the same as the diagram says, for those who hear the page.

import { Rows } from "../frame/rows";
import { describe } from "../log/words";
import type { Bench } from "../model/run";
import { adjust, route } from "../state/route";
import { plural, span, stamp } from "../words/format";
import type { Span } from "./geometry";
import type { Picture } from "./picture";

const ROW_PX = 22;

/** Everything that an event may leave empty. */
const EMPTY = {
  ...{ community: "", other: null, value: 0, goal: 0, bytes: 0, text: "", cause: null },
};

export function EventsInSight({
  bench,
  picture,
  sight,
}: {
  bench: Bench;
  picture: Picture;
  sight: Span;
}) {
  const [from, to] = sight;
  const marks = picture.marks.filter(({ event }) => event.t >= from && event.t <= to);
  const selected = route.value.at === "run" ? route.value.event : null;
  if (picture.density)
    return (
      <p class="drawer-empty">
        {plural(picture.total, "event")} are too many to list. Zoom in, or choose fewer peers.
      </p>
    );
  return (
    <div class="drawer-list">
      <p class="drawer-words quiet">
        {plural(marks.length, "event")} from {span(from)} to {span(to)}
      </p>
      <Rows
        count={marks.length}
        height={ROW_PX}
        label="Events in sight"
        testid="events-in-sight"
        row={(i) => {
          const event = marks[i]?.event;
          if (!event) return null;
          return (
            <li key={event.id}>
              <button
                type="button"
                class="event-line"
                data-event={event.id}
                aria-current={event.id === selected}
                onClick={() => adjust({ event: event.id })}
              >
                <span class="number quiet">{stamp(event.t)}</span>
                <span class="number">{bench.peers.label(event.peer)}</span>
                <span class={`log-kind ${event.kind}`}>{event.kind}</span>
                <span class="log-text">{describe({ ...EMPTY, ...event })}</span>
              </button>
            </li>
          );
        }}
      />
    </div>
  );
}
