// A progress bar: it fills, and its hue goes from red over amber to green.

import { progressColor } from "../graph/colors";
import { theme } from "../state/preferences";

const LIGHT = { low: "#c2412d", middle: "#d9a441", high: "#2f8f5b" };
const DARK = { low: "#e0614c", middle: "#e3b75f", high: "#4cb981" };

export function Bar({ share, label }: { share: number; label: string }) {
  const clipped = Math.max(0, Math.min(1, share));
  const color = progressColor(clipped, theme.value === "dark" ? DARK : LIGHT);
  return (
    <div
      class="bar"
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={Math.floor(clipped * 100)}
    >
      <i style={{ transform: `scaleX(${clipped})`, background: color }} />
    </div>
  );
}
