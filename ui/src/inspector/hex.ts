// Raw bytes as people read them: offset, bytes, and the letters among them.

/** One row of a dump. */
export interface HexRow {
  offset: string;
  bytes: string;
  letters: string;
}

/** A dump of hexadecimal digits, eight bytes a row: what fits beside the picture. */
export function hexRows(digits: string, each = 8): HexRow[] {
  const bytes = digits.match(/[0-9a-f]{2}/gi) ?? [];
  const rows: HexRow[] = [];
  for (let at = 0; at < bytes.length; at += each) {
    const row = bytes.slice(at, at + each);
    rows.push({
      offset: at.toString(16).padStart(4, "0"),
      bytes: row.join(" "),
      letters: row.map((byte) => letter(Number.parseInt(byte, 16))).join(""),
    });
  }
  return rows;
}

function letter(byte: number): string {
  return byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : "·";
}
