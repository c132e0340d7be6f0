// What Perfetto's own trace processor makes of an export, against the run's recording.
//
// RUMORMILL_BIN, RUNS: see e2e.mjs. The processor is fetched the first time: see perfetto.mjs

import { execFileSync } from "node:child_process";
import { ask, openTrace } from "./perfetto.mjs";
import { finish, holds } from "./steps.mjs";
import { record } from "./truth.mjs";

/** Everything that an export can hold: lost and doubled messages, crashes, timers, notes of the network. */
const STORY = `experiment(
    title = "For another viewer",
    about = "Messages are lost and doubled, and a peer crashes.",
    protocol = "flood",
    parameters = [
        count("peers", 12, min = 4, help = "Number of peers"),
        expression("messages", "3", variables = ["peerid"], help = "Messages"),
    ],
    network = latency(uniform = ("5ms", "50ms")) + loss(0.1) + duplicate(0.1),
    faults = [at("100ms", crash(peers(3))), at("1s", restart(peers(3), disk = "kept"))],
    stop = time_limit("4s"),
)
`;

/** What the processor says at once, or never. */
const says = (what, of) => holds(what, of, 0);

await finish(async () => {
  const { id, trace } = record(STORY, 11);
  const args = ["export", id, "--runs", process.env.RUNS, "--format", "perfetto"];
  const bytes = execFileSync(process.env.RUMORMILL_BIN, args, { maxBuffer: 1 << 30 });
  const engine = await openTrace(new Uint8Array(bytes));
  const rows = (question) => ask(engine, question);

  await says("Perfetto reads an export without an error or a loss", async () => {
    const told = await rows(
      "select name, value from stats where severity in ('error', 'data_loss') and value > 0",
    );
    if (told.length > 0) throw new Error(JSON.stringify(told));
    return true;
  });
  await says("it has a slice for each event, at its time, on its peer's track", async () => {
    const slices = await rows(
      `select extract_arg(slice.arg_set_id, 'args.id') as id, slice.ts as ts, thread.name as track
       from slice join thread_track on track_id = thread_track.id join thread using (utid)`,
    );
    const known = new Map(slices.map(({ id, ts, track }) => [String(id), { ts, track }]));
    const peers = trace.filter(({ peer }) => peer > 0);
    const is = ({ id, ns, peer }) =>
      known.get(id)?.ts === ns && known.get(id)?.track === `peer ${peer}`;
    const strange = peers.find((event) => !is(event));
    if (strange)
      throw new Error(`${JSON.stringify(strange)}: ${JSON.stringify(known.get(strange.id))}`);
    return peers.length > 1000 && slices.length === peers.length;
  });
  await says("it has an arrow for each delivery, from its sending", async () => {
    const arrows = await rows(
      `select extract_arg(sent.arg_set_id, 'args.id') as sent, extract_arg(got.arg_set_id, 'args.id') as got
       from flow join slice as sent on slice_out = sent.id join slice as got on slice_in = got.id`,
    );
    const told = new Set(arrows.map(({ sent, got }) => `${sent} ${got}`));
    const deliveries = trace.filter(({ kind }) => kind === "delivered");
    return (
      trace.some(({ kind }) => kind === "dropped") &&
      told.size === deliveries.length &&
      deliveries.every(({ id, cause }) => told.has(`${cause} ${id}`))
    );
  });
  await says("it names the run and its peers", async () => {
    const processes = (await rows("select name from process where name is not null")).map(
      ({ name }) => name,
    );
    const threads = await rows("select name from thread where name like 'peer %'");
    return processes.includes("network") && processes.length === 2 && threads.length === 12;
  });
});
