// What the lab says and hears: the shapes of its HTTP and WebSocket interface.

/** How a run is run. */
export type Mode = "sim" | "processes";

/** A value of a parameter, as the form sends it. */
export type Value = number | boolean | string;

/** One parameter of an experiment: the form has a field for each. */
export interface Param {
  name: string;
  kind: "count" | "number" | "flag" | "text" | "choice" | "span" | "expression";
  default: Value;
  help?: string | null;
  min?: number | null;
  max?: number | null;
  choices?: string[] | null;
  variables?: string[] | null;
}

/** One experiment of the gallery. */
export interface Experiment {
  name: string;
  title: string;
  about: string;
  protocol: string;
  modes: Mode[];
  parameters: Param[];
  network: string;
  faults: { at_s: number; text: string }[];
  stop: string;
  /** Properties that a run of it checks. */
  checks?: string[];
  source: string;
  /** Why the file cannot be used, if it cannot. */
  broken: { message: string; line?: number | null; column?: number | null } | null;
}

/** What is wrong with one value, and where in it. */
export interface FieldError {
  field: string | null;
  message: string;
  line?: number | null;
  column?: number | null;
  /** What to do about it, when the lab knows. */
  next?: string | null;
}

/** The answer to a check of the form's values. */
export interface Check {
  ok: boolean;
  errors: FieldError[];
  totals: Record<string, number>;
  warnings?: { field: string | null; message: string }[];
}

/** What the form asks for. */
export interface Order {
  experiment: string;
  values: Record<string, Value>;
  as: Mode;
  seed: number;
  speed: string;
  record: boolean;
  time_limit_s?: number;
  peers_per_process?: number;
}

export type Outcome = "completed" | "time-limit" | "stopped" | "violated" | "failed";

/** Messages of a run so far. */
export interface Messages {
  sent: number;
  delivered: number;
  dropped: number;
  bytes: number;
}

/** How many peers of those that have a target have met it. */
export interface TargetCount {
  met: number;
  peers: number;
}

/** The part of a run that changes while it goes on. */
export interface RunState {
  state: "starting" | "running" | "ended";
  outcome: Outcome | null;
  virtual_seconds: number;
  wall_seconds: number;
  events: number;
  messages: Messages;
  targets: Record<string, TargetCount>;
  digest: string | null;
  error: string | null;
}

/** One run, live or recorded. */
export interface Run extends RunState {
  id: string;
  name: string;
  experiment: string;
  title: string;
  mode: string;
  seed: number | string | null;
  peers: number;
  started: string;
  folder: string | null;
  pids: number[];
  live: boolean;
  /** What the protocol got. */
  parameters?: Record<string, unknown> | null;
  /** What the form said. */
  values?: Record<string, Value> | null;
  plan?: unknown;
  /** The run that this one branched off. */
  parent?: { run: string; at_s: number } | null;
  /** Properties that were checked, and those that did not hold. */
  checks?: string[];
  violations?: Violation[];
  /** How many faults of the plan were made by hand. */
  by_hand?: number;
}

/** A property that did not hold. */
export interface Violation {
  property: string;
  at_s: number;
  event: string | null;
  /** 0 for the run as a whole. */
  peer: number;
  text: string;
}

/** One line of the event log. Ids are text: they exceed what a number holds exactly. */
export interface LogLine {
  id: string;
  t: number;
  peer: number;
  community: string;
  kind: string;
  other: number | null;
  name: string;
  value: number;
  goal: number;
  bytes: number;
  text: string;
  cause: string | null;
}

/** A page of the event log. */
export interface LogPage {
  events: LogLine[];
  more: boolean;
}

/** The first word on a run's WebSocket. */
export interface Hello {
  type: "hello";
  run: Run;
  peers: number;
  aggregated: boolean;
  communities: string[];
  kinds: string[];
  targets: string[];
  /** Names of what peers measure. */
  measures?: string[];
  /** Is what follows the run's past, rather than its present? */
  past?: boolean;
}

/** [target, current, goal] */
export type TargetCell = [number, number, number];
/** [peer, status, done, targets, communities, process id or 0] */
export type PeerRow = [number, number, number, TargetCell[], number[], number];
/**
 * [from, to, kind, community, count, bytes, lost] since the frame before, and when the latest of these messages
 * was sent or lost, in microseconds of the run: after a jump, that is any time before the frame's.
 */
export type EdgeRow = [number, number, number, number, number, number, number, number?];
/** [kind, sent, bytes] since the run began */
export type KindRow = [number, number, number];
/** [group, peers, up, done, met, sum of current, sum of goals] */
export type GroupRow = [number, number, number, number, number, number, number];

/** [peer, measure, value]; no value of a peer that has booted anew */
export type GaugeRow = [number, number, number | null];

/** What changed since the frame before. */
export interface Frame {
  type: "frame";
  t: number;
  run?: Partial<RunState> & {
    trace_dropped?: number;
    /** How much of a recording has been read, 0 to 1; absent when all is. */
    loading?: number;
  };
  dict?: { communities?: string[]; kinds?: string[]; targets?: string[]; measures?: string[] };
  peers?: PeerRow[];
  labels?: Record<string, string>;
  edges?: EdgeRow[];
  edges_hidden?: number;
  kinds?: KindRow[];
  log?: LogLine[];
  log_skipped?: number;
  groups?: GroupRow[];
  cursor?: CursorRow;
  /** Peers of the groups that the page looks into. */
  members?: PeerRow[];
  /** Why the lab could not do what the page asked last. */
  problem?: string;
  /** Where peers stand in the protocol's own picture: [peer, x, y], both 0 to 1. */
  positions?: [number, number, number][];
  /** What peers have measured. */
  gauges?: GaugeRow[];
  /** Measured values that are not followed, because there are too many. */
  gauges_left_out?: number;
}

/** Where in the run's time the page is. */
export interface CursorRow {
  /** Seconds of the run. */
  t: number;
  /** Events up to here, and in all that is recorded so far. */
  n: number;
  of: number;
  /** The last event up to here. */
  event: LogLine | null;
  /** Seconds of the run in a second of a person's; 0 when it stands still. */
  speed: number;
  /** Does the page follow the run? Otherwise it looks at its past. */
  live: boolean;
}

/** What the page asks of the run's WebSocket. */
export type Wish =
  | { type: "seek"; t: number }
  | { type: "seek"; event: string }
  | { type: "step"; by: number }
  | { type: "play"; speed: number }
  | { type: "pause" }
  | { type: "live" }
  | { type: "focus"; groups: number[] };

export type Word = Hello | Frame;
