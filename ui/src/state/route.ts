// The address of every view: #/experiment/flood, #/run/r1/log?peer=3. The address is the state.

import { computed, signal } from "@preact/signals";

export const VIEWS = ["graph", "targets", "log"] as const;
export type View = (typeof VIEWS)[number];

export type Route =
  | { at: "bench"; experiment: string | null }
  | { at: "run"; run: string; view: View; peer: number | null; community: string | null };

/** Reads the part of an address behind the #. */
export function parse(hash: string): Route {
  const [path = "", search = ""] = hash.replace(/^#\/?/, "").split("?");
  const [head, name, view] = path.split("/").map(decode);
  if (head === "run" && name) {
    const query = new URLSearchParams(search);
    const peer = Number(query.get("peer"));
    return {
      at: "run",
      run: name,
      view: VIEWS.find((v) => v === view) ?? "graph",
      peer: Number.isSafeInteger(peer) && peer > 0 ? peer : null,
      community: query.get("community"),
    };
  }
  return { at: "bench", experiment: head === "experiment" && name ? name : null };
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
  const query = new URLSearchParams();
  if (route.peer !== null) query.set("peer", String(route.peer));
  if (route.community !== null) query.set("community", route.community);
  const search = query.toString();
  return `#/run/${encodeURIComponent(route.run)}/${route.view}${search ? `?${search}` : ""}`;
}

const here = () => (typeof location === "undefined" ? "" : location.hash);

export const route = signal<Route>(parse(here()));

/** The selected peer, if any. */
export const selectedPeer = computed(() => (route.value.at === "run" ? route.value.peer : null));

/** Goes to a view as a new step of the browser's history. */
export function go(to: Route): void {
  const hash = format(to);
  if (hash !== here()) history.pushState(null, "", hash);
  route.value = parse(hash);
}

/** Changes the present view's details without a new step of the browser's history. */
export function adjust(change: Partial<Extract<Route, { at: "run" }>>): void {
  const now = route.value;
  if (now.at !== "run") return;
  const hash = format({ ...now, ...change });
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
