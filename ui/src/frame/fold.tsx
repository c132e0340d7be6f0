// The button that folds a side panel away, or back.

import { leftFolded, rightFolded } from "../state/preferences";

export function Fold({ side }: { side: "left" | "right" }) {
  const folded = side === "left" ? leftFolded : rightFolded;
  const verb = folded.value ? "Show" : "Hide";
  const arrow = (side === "left") === folded.value ? "›" : "‹";
  return (
    <button
      type="button"
      class={folded.value ? "fold folded" : "fold"}
      aria-label={`${verb} the ${side} panel`}
      aria-expanded={!folded.value}
      title={`${verb} this panel`}
      onClick={() => {
        folded.value = !folded.value;
      }}
    >
      {arrow}
    </button>
  );
}
