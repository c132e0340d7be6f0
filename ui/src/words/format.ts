// Numbers for people: SI prefixes, units always, three significant digits, no surprise in width.

const PREFIXES = ["", "k", "M", "G", "T", "P"];

/** Three significant digits without a trailing exponent: 0.42 gives "0.420". */
export function significant(value: number, digits = 3): string {
  if (value === 0) return "0";
  const rounded = Number(value.toPrecision(digits));
  const whole = Math.floor(Math.log10(Math.abs(rounded)) + 1e-12) + 1;
  return rounded.toFixed(Math.max(0, Math.min(6, digits - whole)));
}

function scaled(value: number): [string, string] {
  let size = Math.abs(value);
  let step = 0;
  // 999.5 would print as 1000 of the smaller unit.
  while (size >= 999.5 && step < PREFIXES.length - 1) {
    size /= 1000;
    step += 1;
  }
  const sign = value < 0 ? "-" : "";
  return [sign + (step === 0 ? plain(size) : significant(size)), PREFIXES[step] ?? ""];
}

function plain(size: number): string {
  return Number.isInteger(size) ? String(size) : significant(size);
}

/** A count: 999, 1.20 k, 34.0 M. */
export function count(value: number): string {
  const [digits, prefix] = scaled(value);
  return prefix ? `${digits} ${prefix}` : digits;
}

// Made once: a format made for each number would take most of the time of drawing a page.
const GROUPED = new Intl.NumberFormat("en-US", { maximumFractionDigits: 3 });

/** An exact count with groups of three digits: 1,000,000. */
export function exact(value: number): string {
  return GROUPED.format(value);
}

/** Bytes: 512 B, 1.20 kB. */
export function bytes(value: number): string {
  const [digits, prefix] = scaled(value);
  return `${digits} ${prefix}B`;
}

/** A rate: 1.20 k/s. */
export function rate(value: number): string {
  const [digits, prefix] = scaled(value);
  return `${digits}${prefix ? ` ${prefix}` : ""}/s`;
}

/** A length of time: 420 µs, 12.3 ms, 0.420 s, 73.1 s, 2 min 03 s, 1 h 02 min. */
export function span(seconds: number): string {
  if (seconds === 0) return "0 s";
  // 0.9999 ms would print as 1000 of the smaller unit.
  if (seconds < 0.9995e-3) return `${significant(seconds * 1e6)} µs`;
  if (seconds < 0.1) return `${significant(seconds * 1e3)} ms`;
  if (seconds < 100) return `${significant(seconds)} s`;
  const whole = Math.round(seconds);
  const two = (n: number) => String(n).padStart(2, "0");
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${two(whole % 60)} s`;
  return `${Math.floor(whole / 3600)} h ${two(Math.floor((whole % 3600) / 60))} min`;
}

/** The run's clock in the header, of steady width: 00:07.3. */
export function clock(seconds: number): string {
  const tenths = Math.floor(seconds * 10 + 1e-6);
  const two = (n: number) => String(n).padStart(2, "0");
  const hours = Math.floor(tenths / 36000);
  const minutes = Math.floor((tenths % 36000) / 600);
  const rest = tenths % 600;
  return `${hours ? `${hours}:` : ""}${two(minutes)}:${two(Math.floor(rest / 10))}.${rest % 10}`;
}

/** A time in the event log, seconds with microseconds: of one width in a column. */
export function stamp(seconds: number): string {
  return seconds.toFixed(6);
}

/** A share: 0 %, 42 %, 100 % only when it is all. */
export function percent(share: number): string {
  const rounded = Math.floor(share * 1000 + 1e-9) / 10;
  return `${share >= 1 ? 100 : rounded >= 10 ? Math.floor(rounded) : rounded} %`;
}

/** "1 peer", "2 peers". */
export function plural(n: number, noun: string): string {
  return `${exact(n)} ${noun}${n === 1 ? "" : "s"}`;
}

/** A moment, as a person would say it: the time today, the date before. */
export function moment(rfc3339: string, now = new Date()): string {
  const at = new Date(rfc3339);
  if (Number.isNaN(at.getTime())) return rfc3339;
  const time = at.toLocaleTimeString("en-GB", {
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
  });
  if (at.toDateString() === now.toDateString()) return time;
  return `${at.toLocaleDateString("en-GB", { day: "numeric", month: "short", year: "numeric" })}, ${time}`;
}
