// "Why did peer 37 learn this": the chain of causes that led to the selected event, step by step.

import { Rows } from "../frame/rows";
import { describe } from "../log/words";
import type { Bench } from "../model/run";
import { seekEvent } from "../state/cursor";
import { adjust } from "../state/route";
import { plural, span, stamp } from "../words/format";
import type { Chosen } from "./chosen";
import type { Cones } from "./cones";

const ROW_PX = 22;

/** The path in a sentence. */
export function pathSentence(bench: Bench, { event, cones }: Chosen): string {
  const label = (peer: number) => (peer > 0 ? `peer ${bench.peers.label(peer)}` : "the network");
  const root = cones.path[0] ?? event;
  if (event.kind === "violated" && event.peer === 0)
    return `It was seen at ${span(event.t)}, of the run as a whole: no single event led to it.`;
  const hops = cones.path.filter((e) => e.kind === "delivered").length;
  if (root.id === event.id)
    return `Nothing led to this: ${label(event.peer)} began with it at ${span(event.t)}.`;
  const through = hops === 0 ? "without a message" : `through ${plural(hops, "message")}`;
  return `It began at ${label(root.peer)} at ${span(root.t)} (${root.kind}) and reached ${label(event.peer)} ${through}, ${span(event.t - root.t)} later.`;
}

interface Props {
  bench: Bench;
  chosen: Chosen | null;
  error: string | null;
  /** Shows the whole path in the diagram. */
  showPath: () => void;
  /** Shows only the peers of the path. */
  onlyPath: () => void;
}

export function Why({ bench, chosen, error, showPath, onlyPath }: Props) {
  if (error) return <p class="drawer-empty">{error}</p>;
  if (!chosen)
    return (
      <p class="drawer-empty">
        Click an event or a message: here is then what led to it, message by message.
      </p>
    );
  const { event, cones } = chosen;
  const { path } = cones;
  return (
    <div class="drawer-list">
      <p class="drawer-words">
        <span data-testid="why-words" role="status">
          <strong>
            {event.peer > 0
              ? `Why peer ${bench.peers.label(event.peer)} ${verb(event.kind)} ${event.name || "this"}`
              : `${event.kind} ${event.name}`}
          </strong>{" "}
          {pathSentence(bench, chosen)}
        </span>
        <span class="grow" />
        <button
          type="button"
          class="plain"
          data-testid="go-there"
          title="Put the cursor right after this event"
          onClick={() => seekEvent(event.id)}
        >
          Go there
        </button>
        <button type="button" class="plain" title="Zoom to the path" onClick={showPath}>
          Show path
        </button>
        <button
          type="button"
          class="plain"
          title="Rows of the path's peers alone"
          onClick={onlyPath}
        >
          Only its peers
        </button>
      </p>
      <Rows
        key={event.id}
        count={path.length}
        height={ROW_PX}
        label="Path of causes"
        testid="path"
        follow
        row={(i) => {
          const step = path[i];
          if (!step) return null;
          const before = path[i - 1];
          return (
            <li key={step.id}>
              <button
                type="button"
                class={`event-line ${step.kind === "delivered" ? "hop" : ""}`}
                data-event={step.id}
                aria-current={step.id === event.id}
                onClick={() => adjust({ event: step.id })}
              >
                <span class="number quiet">{stamp(step.t)}</span>
                <span class="number quiet">{before ? `+${span(step.t - before.t)}` : ""}</span>
                <span class="number">{step.peer > 0 ? bench.peers.label(step.peer) : "net"}</span>
                <span class={`log-kind ${step.kind}`}>{step.kind}</span>
                <span class="log-text">{describe(step)}</span>
              </button>
            </li>
          );
        }}
      />
    </div>
  );
}

function verb(kind: string): string {
  if (kind === "delivered") return "got";
  if (kind === "indicated") return "reported";
  if (kind === "progress") return "got on with";
  return kind;
}

/** How many events each cone holds, with the tint that it has in the diagram. */
export function ConeWords({ cones }: { cones: Cones }) {
  return (
    <span
      class="cone-words number"
      data-testid="cone-words"
      title="Events of the past cone and of the future cone, without the event itself; its own peer counts among the peers"
    >
      <i class="cone-past" />
      led to it: {sizeWords(cones.pastEvents, cones.past.size)}
      <i class="cone-future" />
      followed: {sizeWords(cones.futureEvents, cones.future.size)}
    </span>
  );
}

function sizeWords(events: number, peers: number): string {
  return events === 0 ? "nothing" : `${plural(events, "event")}, ${plural(peers, "peer")}`;
}
