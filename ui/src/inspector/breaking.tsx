// The buttons that break peers and links by hand. In the past they gather what a branch will do.

import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { Status } from "../model/peers";
import type { Bench } from "../model/run";
import { watchRun } from "../state/bench";
import { cursor } from "../state/cursor";
import { act, busy, hands } from "../state/hands";
import { span } from "../words/format";
import { type AskField, AskForm } from "./ask";
import { asked, clockOff, linkFaults, linkHolds, slowBy, type Wished } from "./wishes";

/** The heading, which says when what is done happens. */
function Breaking({ title, children }: { title: string; children: ComponentChildren }) {
  const now = hands.value;
  const at = cursor.value;
  return (
    <section class="breaking" aria-label={title} data-testid="breaking" data-can={now.can}>
      <h3>
        {title}
        <span class="quiet number">
          {now.can === "inject"
            ? "now"
            : now.can === "branch" && at
              ? `branch at ${span(at.t)}`
              : ""}
        </span>
      </h3>
      {now.can === "nothing" ? <p class="quiet">{now.why}</p> : children}
    </section>
  );
}

interface ActProps {
  name: string;
  text: string;
  title: string;
  press: () => void;
  open?: boolean;
}

function Act({ name, text, title, press, open }: ActProps) {
  return (
    <button
      type="button"
      class="act"
      data-testid={name}
      title={title}
      disabled={busy.value}
      {...(open === undefined ? {} : { "aria-expanded": open })}
      onClick={press}
    >
      {text}
    </button>
  );
}

/** Does what a form asks, or gives back what is wrong with it. */
function wish(of: Wished): string | null {
  if ("wrong" in of) return of.wrong;
  void act(...of.faults);
  return null;
}

type PeerForm = "slow" | "clock" | "request" | null;

/** What can be done to one peer or to several. */
export function PeerHands({ peers, bench }: { peers: number[]; bench: Bench }) {
  watchRun();
  const [form, setForm] = useState<PeerForm>(null);
  const these = { numbers: peers };
  const status = new Set(peers.map((peer) => bench.statusOf(peer)));
  const one = peers.length === 1;
  const who = one ? "this peer" : "these peers";
  const down = status.has(Status.Crashed) || status.has(Status.Stopped);
  const up = [...status].some(
    (s) => s === Status.Up || s === Status.Paused || s === Status.Waiting,
  );
  const toggle = (name: PeerForm) => setForm(form === name ? null : name);
  return (
    <Breaking title="Break it">
      <div class="acts">
        {up && (
          <Act
            name="kill"
            text="Kill"
            title={`Stop ${who} at once, without a word (k)`}
            press={() => void act({ crash: { peers: these } })}
          />
        )}
        {down && (
          <>
            <Act
              name="restart-kept"
              text="Restart"
              title={`Boot ${who} again, with what the disk held`}
              press={() => void act({ restart: { peers: these, disk: "kept" } })}
            />
            <Act
              name="restart-lost"
              text="Restart with an empty disk"
              title={`Boot ${who} again, with nothing on the disk`}
              press={() => void act({ restart: { peers: these, disk: "lost" } })}
            />
          </>
        )}
        {(status.has(Status.Up) || status.has(Status.Waiting)) && (
          <Act
            name="pause"
            text="Pause"
            title={`Freeze ${who}: messages and timers wait (p)`}
            press={() => void act({ pause: { peers: these } })}
          />
        )}
        {status.has(Status.Paused) && (
          <Act
            name="resume"
            text="Resume"
            title={`Let ${who} go on with what waited (p)`}
            press={() => void act({ resume: { peers: these } })}
          />
        )}
        {!one && (
          <Act
            name="partition"
            text="Partition from the rest"
            title="Lose all messages between these peers and the others"
            press={() => void act({ partition: { groups: [these] } })}
          />
        )}
        <Act
          name="slow"
          text="Slow…"
          title={`Let ${who} take longer for each message`}
          open={form === "slow"}
          press={() => toggle("slow")}
        />
        <Act
          name="clock"
          text="Clock…"
          title={`Let the clock of ${who} jump or drift`}
          open={form === "clock"}
          press={() => toggle("clock")}
        />
        <Act
          name="request"
          text="Ask…"
          title={`Ask something of ${who}, as the layer above would`}
          open={form === "request"}
          press={() => toggle("request")}
        />
      </div>
      {form && <PeerAsk form={form} numbers={peers} close={() => setForm(null)} />}
    </Breaking>
  );
}

const PEER_FIELDS: Record<Exclude<PeerForm, null>, AskField[]> = {
  slow: [
    { name: "by", label: "for each message or timer", value: "50ms", hint: "50ms; 0 ends it" },
  ],
  clock: [
    { name: "offset", label: "shows more by", value: "250ms", hint: "-1s" },
    { name: "drift", label: "drifts, ppm", value: "0", hint: "200" },
  ],
  request: [{ name: "text", label: "request", value: "", hint: "what the protocol understands" }],
};

const PEER_VERBS = { slow: "Slow down", clock: "Set the clock", request: "Ask" };

interface AskProps {
  form: Exclude<PeerForm, null>;
  numbers: number[];
  close: () => void;
}

function PeerAsk({ form, numbers, close }: AskProps) {
  const of = (values: Record<string, string>): Wished => {
    const these = { numbers };
    if (form === "slow") return slowBy(these, values["by"] ?? "");
    if (form === "clock") return clockOff(these, values["offset"] ?? "", values["drift"] ?? "");
    return asked(these, values["text"] ?? "");
  };
  return (
    <AskForm
      key={form}
      verb={PEER_VERBS[form]}
      testid={form}
      fields={PEER_FIELDS[form]}
      apply={(values) => wish(of(values))}
      close={close}
    />
  );
}

/** What can be done to a link. */
export function LinkHands({ link }: { link: [number, number] }) {
  const [form, setForm] = useState(false);
  const [both, setBoth] = useState(true);
  const [from, to] = link;
  const cut = (both: boolean) =>
    void act({ cut: { from: { numbers: [from] }, to: { numbers: [to] }, both } });
  return (
    <Breaking title="Break it">
      <label class="both">
        <input
          type="checkbox"
          data-testid="both-ways"
          checked={both}
          onChange={(event) => setBoth(event.currentTarget.checked)}
        />
        both ways
      </label>
      <div class="acts">
        <Act
          name="cut"
          text="Cut"
          title="Lose all messages on this link (x)"
          press={() => cut(both)}
        />
        <Act
          name="conditions"
          text="Delay or lose…"
          title="Let messages on this link come late, or not at all"
          open={form}
          press={() => setForm(!form)}
        />
        <Act
          name="mend"
          text="As everywhere"
          title="End the delay and loss of this link"
          press={() => void act(...linkFaults(link, null, both))}
        />
        <Act
          name="heal"
          text="Heal all links"
          title="End every partition, cut and link condition of the run"
          press={() => void act("heal")}
        />
      </div>
      {form && (
        <AskForm
          verb="Apply"
          testid="conditions"
          fields={[
            { name: "delay", label: "slower by", value: "100ms", hint: "100ms" },
            { name: "loss", label: "loss, %", value: "0", hint: "30" },
          ]}
          apply={(values) =>
            wish(linkHolds(link, values["delay"] ?? "", values["loss"] ?? "", both))
          }
          close={() => setForm(false)}
        />
      )}
    </Breaking>
  );
}
