// The address of every view: #/experiment/flood, #/run/r1/log?peer=3&t=1.5, #/compare?runs=r1,r2,
// #/explore/j1, #/sweep/j2, #/store/127.0.0.1:40123. The address is the state.

import { computed, signal } from "@preact/signals";

export const VIEWS = [
  "graph",
  "spacetime",
  "states",
  "metrics",
  "targets",
  "log",
  "replicas",
] as const;
export type View = (typeof VIEWS)[number];

/** The most rows of the space-time diagram that an address names. */
const ROWS_CHOSEN_MAX = 400;

export type Route =
  | { at: "bench"; experiment: string | null }
  | {
      at: "run";
      run: string;
      view: View;
      peer: number | null;
      /** The selected link, from sender to receiver. */
      link: [number, number] | null;
      /** The selected event. */
      event: string | null;
      /** The cursor, seconds of the run; null follows the run. */
      t: number | null;
      community: string | null;
      /** The graph: how it is laid out, what gathers its peers, what makes links wide; null for the default. */
      layout: string | null;
      collapse: string | null;
      by: string | null;
      /** The span of time that the space-time diagram shows, seconds; null is the whole run. */
      span: [number, number] | null;
      /** The peers that it shows; null leaves the choice to the lab. */
      rows: number[] | null;
      /** What is searched for in the trace. */
      find: string | null;
    }
  | { at: "compare"; runs: string[] }
  | { at: "explore"; job: string }
  | { at: "sweep"; job: string }
  /** A store of real servers, by the host and port of a front end. */
  | { at: "store"; address: string };

/** Reads the part of an address behind the #. */
export function parse(hash: string): Route {
  const [path = "", search = ""] = hash.replace(/^#\/?/, "").split("?");
  const [head, name, view] = path.split("/").map(decode);
  if (head === "run" && name) {
    const query = new URLSearchParams(search);
    const t = Number.parseFloat(query.get("t") ?? "");
    const event = query.get("event");
    return {
      at: "run",
      run: name,
      view: VIEWS.find((v) => v === view) ?? "graph",
      peer: peerid(query.get("peer")),
      link: linkOf(query.get("link")),
      event: event && /^\d{1,20}$/.test(event) ? event : null,
      t: Number.isFinite(t) && t >= 0 ? t : null,
      community: query.get("community"),
      layout: query.get("layout"),
      collapse: query.get("collapse"),
      by: query.get("by"),
      span: spanOf(query.get("from"), query.get("to")),
      rows: rowsOf(query.get("rows")),
      find: query.get("find") || null,
    };
  }
  if (head === "compare") {
    const runs = new URLSearchParams(search).get("runs") ?? "";
    return { at: "compare", runs: runs.split(",").filter(Boolean) };
  }
  if ((head === "explore" || head === "sweep") && name) return { at: head, job: name };
  if (head === "store" && name) return { at: "store", address: name };
  return { at: "bench", experiment: head === "experiment" && name ? name : null };
}

function peerid(text: string | null): number | null {
  const peer = Number(text);
  return Number.isSafeInteger(peer) && peer > 0 ? peer : null;
}

function linkOf(text: string | null): [number, number] | null {
  const [from, to] = (text ?? "").split("-").map(peerid);
  return from && to ? [from, to] : null;
}

function spanOf(from: string | null, to: string | null): [number, number] | null {
  const [a, b] = [Number.parseFloat(from ?? ""), Number.parseFloat(to ?? "")];
  return a >= 0 && b > a && Number.isFinite(b) ? [a, b] : null;
}

function rowsOf(text: string | null): number[] | null {
  const peers = (text ?? "")
    .split(",")
    .map(peerid)
    .filter((peer) => peer !== null);
  return peers.length > 0 ? [...new Set(peers)].slice(0, ROWS_CHOSEN_MAX) : null;
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** Writes a route as an address. */
export function format(route: Route): string {
  if (route.at === "bench")
    return route.experiment ? `#/experiment/${encodeURIComponent(route.experiment)}` : "#/";
  if (route.at === "compare")
    return `#/compare?runs=${route.runs.map(encodeURIComponent).join(",")}`;
  if (route.at === "store")
    return `#/store/${encodeURIComponent(route.address).replaceAll("%3A", ":")}`;
  if (route.at !== "run") return `#/${route.at}/${encodeURIComponent(route.job)}`;
  const query = new URLSearchParams();
  if (route.peer !== null) query.set("peer", String(route.peer));
  if (route.link !== null) query.set("link", route.link.join("-"));
  if (route.event !== null) query.set("event", route.event);
  if (route.t !== null) query.set("t", String(Number(route.t.toFixed(9))));
  for (const key of ["community", "layout", "collapse", "by"] as const)
    if (route[key] !== null) query.set(key, route[key]);
  if (route.span !== null) {
    query.set("from", String(Number(route.span[0].toFixed(9))));
    query.set("to", String(Number(route.span[1].toFixed(9))));
  }
  if (route.rows !== null) query.set("rows", route.rows.join(","));
  if (route.find !== null) query.set("find", route.find);
  const search = query.toString();
  return `#/run/${encodeURIComponent(route.run)}/${route.view}${search ? `?${search}` : ""}`;
}

const here = () => (typeof location === "undefined" ? "" : location.hash);

export const route = signal<Route>(parse(here()));

/** A view of a run with nothing selected. */
export function runRoute(
  run: string,
  change: Partial<Extract<Route, { at: "run" }>> = {},
): Extract<Route, { at: "run" }> {
  const nothing = {
    ...{ peer: null, link: null, event: null, t: null, community: null },
    ...{ layout: null, collapse: null, by: null },
  };
  const whole = { span: null, rows: null, find: null };
  return { at: "run", run, view: "graph", ...nothing, ...whole, ...change };
}

/** The selected peer, if any. */
export const selectedPeer = computed(() => (route.value.at === "run" ? route.value.peer : null));

/** Goes to a view as a new step of the browser's history. */
export function go(to: Route): void {
  const hash = format(to);
  if (hash !== here()) history.pushState(null, "", hash);
  route.value = parse(hash);
}

/** What is not named is let go of when something is selected: one thing at a time. */
function selecting(change: Partial<Extract<Route, { at: "run" }>>) {
  if (change.peer == null && change.link == null && change.event == null) return change;
  return { peer: null, link: null, event: null, ...change };
}

/** Changes the present view's details without a new step of the browser's history. */
export function adjust(change: Partial<Extract<Route, { at: "run" }>>): void {
  const now = route.peek();
  if (now.at !== "run") return;
  const hash = format({ ...now, ...selecting(change) });
  if (hash !== here()) history.replaceState(null, "", hash);
  route.value = parse(hash);
}

/** Follows the browser's back and forward, and addresses typed by hand. */
export function followAddress(): void {
  const follow = () => {
    route.value = parse(here());
  };
  addEventListener("hashchange", follow);
  addEventListener("popstate", follow);
}

/** Takes the token out of the address bar: the lab has set its cookie by now. */
export function hideToken(): void {
  const address = new URL(location.href);
  if (!address.searchParams.has("token")) return;
  address.searchParams.delete("token");
  history.replaceState(null, "", address.pathname + address.search + address.hash);
}
