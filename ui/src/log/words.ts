// What happened, in words, for one line of the log.

import type { LogLine } from "../api/types";
import { bytes, exact } from "../words/format";

/** The rest of a line behind its time, peer and kind. */
export function describe(line: LogLine): string {
  const other = line.other ? String(line.other) : "";
  const size = line.bytes > 0 ? bytes(line.bytes) : "";
  // A text that only repeats the name says nothing more.
  const parts = (...all: string[]) => [...new Set(all.filter(Boolean))].join(" · ");
  switch (line.kind) {
    case "sent":
      return parts(`${line.name} to ${other}`, size, line.text);
    case "delivered":
      return parts(`${line.name} from ${other}`, size, line.text);
    case "dropped":
      return parts(`${line.name}${other ? ` to ${other}` : ""}`, size, line.text);
    case "progress":
      return parts(`${line.name}: ${exact(line.value)}/${exact(line.goal)}`, line.text);
    case "measured":
      return parts(`${line.name}: ${exact(line.value)}`, other, line.text);
    case "joined":
      return parts(line.community, line.text);
    default:
      return parts(line.name, other, line.text);
  }
}
