// Which views a run has something to show in.

import type { Bench } from "../model/run";
import { hasReplicas } from "../replicas/model";
import type { View } from "./route";

/** Is a view offered for this run? Most are always; replicas only where some tell how far they are. */
export function isOffered(view: View, of: Bench | null): boolean {
  return view !== "replicas" || (of !== null && hasReplicas(of.gauges));
}
