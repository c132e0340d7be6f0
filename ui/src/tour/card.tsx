// The words of one step beside what it is about. They take no focus and lock nothing.

import { useEffect, useState } from "preact/hooks";
import { endTour, nextStep, tourStep } from "./state";
import { STEPS, type Step } from "./steps";

const WIDE = 280;
const GAP = 14;
/** Panels fold and runs open while the tour goes on. */
const LOOK_AGAIN_MS = 250;

interface Place {
  ring: { left: number; top: number; width: number; height: number };
  card: { left: number; top: number | null; bottom: number | null };
}

/** Where ring and card stand for what a step is about; null when it is not on the page. */
function placeOf(step: Step): Place | null {
  const target = step.at
    .map((selector) => document.querySelector(selector))
    .find((found) => found !== null && found.getClientRects().length > 0);
  if (!target) return null;
  const box = target.getBoundingClientRect();
  const ring = { left: box.left, top: box.top, width: box.width, height: box.height };
  const within = (left: number) => Math.max(8, Math.min(innerWidth - WIDE - 8, left));
  if (step.side === "above") {
    const left = within(box.left + box.width / 2 - WIDE / 2);
    return { ring, card: { left, top: null, bottom: innerHeight - box.top + GAP } };
  }
  const right = step.side === "right";
  const left = within(right ? box.right + GAP : box.left - WIDE - GAP);
  const low = box.top > innerHeight * 0.6;
  return {
    ring,
    card: low
      ? { left, top: null, bottom: Math.max(8, innerHeight - box.bottom) }
      : { left, top: Math.max(52, box.top), bottom: null },
  };
}

export function Tour() {
  const at = tourStep.value;
  const step = at === null ? undefined : STEPS[at];
  const [place, setPlace] = useState<Place | null>(null);
  useEffect(() => {
    if (!step) return;
    const look = () => {
      const now = placeOf(step);
      setPlace((before) => (JSON.stringify(before) === JSON.stringify(now) ? before : now));
    };
    look();
    const timer = setInterval(look, LOOK_AGAIN_MS);
    addEventListener("resize", look);
    return () => {
      clearInterval(timer);
      removeEventListener("resize", look);
    };
  }, [step]);
  if (!step || at === null || !place) return null;
  const { ring, card } = place;
  const px = (value: number | null) => (value === null ? "auto" : `${value}px`);
  return (
    <>
      <i
        class="tour-ring"
        style={{
          left: px(ring.left - 5),
          top: px(ring.top - 5),
          width: px(ring.width + 10),
          height: px(ring.height + 10),
        }}
      />
      <section
        class="tour"
        aria-label="Tour"
        aria-live="polite"
        data-testid="tour"
        data-step={at + 1}
        style={{ left: px(card.left), top: px(card.top), bottom: px(card.bottom) }}
      >
        <p class="quiet number">
          {at + 1} of {STEPS.length}
        </p>
        <h2>{step.title}</h2>
        <p>{step.text}</p>
        <div class="tour-buttons">
          <button type="button" class="plain" data-testid="tour-end" onClick={endTour}>
            {at + 1 < STEPS.length ? "Skip the tour" : "Close"}
          </button>
          {at + 1 < STEPS.length && (
            <button type="button" class="act" data-testid="tour-next" onClick={nextStep}>
              Next
            </button>
          )}
        </div>
      </section>
    </>
  );
}
