// The controls of time: play, one event back or forward, speed, live.

import { bench, watchRun } from "../state/bench";
import { cursor, goLive, inPast, playing, step } from "../state/cursor";
import { timeline } from "../state/timeline";
import { playSpeed, setPlaySpeed, togglePlay } from "./playing";
import { SPEEDS } from "./speeds";

export function Transport() {
  watchRun();
  const of = bench.value;
  if (!of) return null;
  const ended = of.present.state === "ended";
  const moves = cursor.value !== null && timeline.value?.recorded !== false;
  const going = playing.value || (!inPast.value && !ended);
  const verb = going ? "Pause" : inPast.value ? "Play" : "Play from the start";
  return (
    <fieldset class="transport" aria-label="Time" disabled={!moves}>
      <div class="transport-row">
        <Button
          name="step-back"
          label="One event back"
          keys="←"
          path="M12 3 5 8l7 5ZM3.5 3v10"
          press={() => step(-1)}
        />
        <Button
          name="play"
          label={verb}
          keys="Space"
          path={going ? "M4.5 3v10M11.5 3v10" : "M4 2.5 13 8l-9 5.5Z"}
          press={togglePlay}
        />
        <Button
          name="step-forward"
          label="One event forward"
          keys="→"
          path="M4 3l7 5-7 5ZM12.5 3v10"
          press={() => step(1)}
        />
        <button
          type="button"
          class={`live ${ended ? "" : "going"}`}
          data-testid="live"
          aria-pressed={!inPast.value}
          title={ended ? "Go to the end (End)" : "Follow the run (End)"}
          onClick={goLive}
        >
          <i class="live-dot" />
          {ended ? "End" : "Live"}
        </button>
      </div>
      <label class="transport-speed">
        <span class="quiet">speed</span>
        <select
          data-testid="play-speed"
          title="Seconds of the run in a second (− and +)"
          value={String(playSpeed.value)}
          onChange={(event) => setPlaySpeed(Number(event.currentTarget.value))}
        >
          {SPEEDS.map((speed) => (
            <option key={speed} value={String(speed)}>
              {speed}×
            </option>
          ))}
        </select>
      </label>
    </fieldset>
  );
}

interface ButtonProps {
  name: string;
  label: string;
  keys: string;
  path: string;
  press: () => void;
}

function Button({ name, label, keys, path, press }: ButtonProps) {
  return (
    <button
      type="button"
      class="transport-button"
      data-testid={name}
      aria-label={label}
      title={`${label} (${keys})`}
      onClick={press}
    >
      <svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
        <path d={path} />
      </svg>
    </button>
  );
}
