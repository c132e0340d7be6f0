// The left panel: what to run, and what has been run.

import { Form } from "../setup/form";
import { Gallery } from "../setup/gallery";
import { Runs } from "../setup/runs";
import { runs } from "../state/gallery";
import { leftFolded, leftTab } from "../state/preferences";
import { Stores } from "../store/list";
import { Fold } from "./fold";

export function Left() {
  if (leftFolded.value) return <Fold side="left" />;
  const live = runs.value?.filter((run) => run.live && run.state !== "ended").length ?? 0;
  const many = runs.value?.length ?? 0;
  return (
    <aside class="panel left" aria-label="What to run">
      <div class="panel-head" role="tablist" aria-label="Experiments, runs or stores">
        <Tab name="experiments" text="Experiments" />
        <Tab name="runs" text={`Runs${many ? ` ${many}` : ""}`} live={live} />
        <Tab name="stores" text="Stores" />
        <span class="grow" />
        <Fold side="left" />
      </div>
      {leftTab.value === "experiments" && (
        <>
          <Gallery />
          <Form />
        </>
      )}
      {leftTab.value === "runs" && <Runs />}
      {leftTab.value === "stores" && <Stores />}
    </aside>
  );
}

function Tab({
  name,
  text,
  live = 0,
}: {
  name: typeof leftTab.value;
  text: string;
  live?: number;
}) {
  return (
    <button
      type="button"
      role="tab"
      class="tab"
      data-testid={`tab-${name}`}
      aria-selected={leftTab.value === name}
      onClick={() => {
        leftTab.value = name;
      }}
    >
      {text}
      {live > 0 && <i class="dot running" title={`${live} running`} />}
    </button>
  );
}
