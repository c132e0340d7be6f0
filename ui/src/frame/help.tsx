// What things mean, and the keys.

import { signal } from "@preact/signals";
import { go } from "../state/route";
import { startTour } from "../tour/state";
import { Dialog } from "./dialog";

export const helpOpen = signal(false);

/** Keys in groups, so that one finds them. */
const KEYS: [string, [string, string][]][] = [
  [
    "Time",
    [
      ["Space", "play or pause"],
      ["← →", "one event back or forward"],
      ["Shift ← Shift →", "one second back or forward"],
      ["[ ]", "the mark before or after"],
      ["Home End", "the start; the present or the end"],
      ["- +", "play slower or faster"],
    ],
  ],
  [
    "Break",
    [
      ["k", "kill the selected peers"],
      ["p", "pause or resume them"],
      ["x", "cut the selected link"],
    ],
  ],
  [
    "In the graph",
    [
      ["click", "select a peer or a link; open a group of peers"],
      ["Ctrl click", "on a second peer: the shortest way there over the links seen"],
      ["Shift drag", "a lasso around several peers"],
      ["wheel", "nearer or farther at the pointer; near enough, cells dissolve into their peers"],
    ],
  ],
  [
    "In the space-time diagram",
    [
      ["← → ↑ ↓", "from event to event, once one is selected"],
      ["Enter", "select it; once more: put the cursor there"],
      ["n N", "the next or the previous that a search found"],
      ["+ -", "nearer, farther; the wheel with Shift: higher rows"],
    ],
  ],
  [
    "Look",
    [
      ["1 2 3 4 5 6 7", "graph, space-time, states, metrics, targets, log, replicas of a store"],
      ["f", "fit the picture"],
      ["/", "search"],
      ["Esc", "let go of what is selected"],
      ["Enter", "run, in the form"],
      ["?", "this help"],
    ],
  ],
];

export function Help() {
  const close = () => {
    helpOpen.value = false;
  };
  return (
    <Dialog open={helpOpen.value} close={close} title="What you see" testid="help" wide>
      <dl class="facts">
        <dt>disc</dt>
        <dd>
          A peer. The ring around it fills as its targets do, from red over amber to green. A tick:
          it is done. Dashed: it crashed. Two bars: it is paused.
        </dd>
        <dt>link</dt>
        <dd>
          Messages from the wide end to the pointed end. Width grows with the logarithm of their
          count; the colour tells the kind; it fades by half with each second of run time.
        </dd>
        <dt>comet</dt>
        <dd>A message on its way. One that is lost stops half-way and turns red.</dd>
        <dt>run time</dt>
        <dd>
          The run's own clock: virtual in a simulation. Hover it for the time that passed here.
        </dd>
        <dt>timeline</dt>
        <dd>
          The whole run from left to right: messages as columns, lost ones red, targets as the area
          above. Drag the cursor anywhere; everything on the page shows that moment.
        </dd>
        <dt>past, future</dt>
        <dd>
          In space-time, of the event that is selected or pointed at: what led to it lies on blue,
          what followed from it on orange. The rest neither helped nor suffered.
        </dd>
        <dt>replicas</dt>
        <dd>
          Of a store: a bar for the updates that each replica took, at every replica. Full: executed
          there. Hatched: held, not executed yet. Empty: others hold them. Where a bar is short, an
          update is still on its way. A replica that lost its disk begins another life, whose
          updates are a line of their own: 3.ab12 is one of replica 3.
        </dd>
        <dt>stores</dt>
        <dd>
          Stores of real servers, on the left: the same bars, asked for once a second. A replica
          that is switched offline answers no calls, and goes on to gossip. A spare holds nothing
          until it is added. The primary orders forced updates.
        </dd>
        <dt>branch</dt>
        <dd>
          A simulated run repeated up to the cursor, which then goes on with what you do there.
        </dd>
        <dt>target</dt>
        <dd>
          What a peer has to reach, such as 50 messages. A run completes when all peers have all.
        </dd>
        <dt>digest</dt>
        <dd>A fingerprint of a simulated run. Same experiment, seed and build: same digest.</dd>
      </dl>
      <h2>Hands</h2>
      <p>
        The wheel zooms at the pointer, dragging pans or moves a peer, a click selects, a double
        click centres, dragging with Shift draws a lasso around several peers. Every view has its
        own address, which can be shared.
      </p>
      <div class="key-groups">
        {KEYS.map(([group, keys]) => (
          <section key={group}>
            <h3>{group}</h3>
            <dl class="facts keys">
              {keys.map(([key, what]) => (
                <KeyRow key={key} name={key} what={what} />
              ))}
            </dl>
          </section>
        ))}
      </div>
      <div class="dialog-buttons">
        <button
          type="button"
          class="plain"
          data-testid="tour-start"
          onClick={() => {
            close();
            go({ at: "bench", experiment: "flood" });
            startTour();
          }}
        >
          Show the tour
        </button>
        <button type="button" class="plain" onClick={close}>
          Close
        </button>
      </div>
    </Dialog>
  );
}

function KeyRow({ name, what }: { name: string; what: string }) {
  return (
    <>
      <dt>
        {name.split(" ").map((key) => (
          <kbd key={key}>{key}</kbd>
        ))}
      </dt>
      <dd>{what}</dd>
    </>
  );
}
