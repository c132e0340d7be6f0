// A line of the event log for tests, with everything else empty.

import type { LogLine } from "../../src/api/types";

export function line(more: Partial<LogLine>): LogLine {
  return {
    ...{ id: "1", t: 0, peer: 1, community: "flood", kind: "note", other: null, name: "" },
    ...{ value: 0, goal: 0, bytes: 0, text: "", cause: null },
    ...more,
  };
}
