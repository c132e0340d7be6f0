// The frame: left what to run, centre what happens, right what is selected, bottom when.

import { useSignalEffect } from "@preact/signals";
import { BranchDialog } from "./frame/branch";
import { Centre } from "./frame/centre";
import { Header } from "./frame/header";
import { Help } from "./frame/help";
import { Left } from "./frame/left";
import { SaveDialog } from "./frame/save";
import { Toast } from "./frame/toast";
import { Inspector } from "./inspector/panel";
import { JobDialogs } from "./setup/jobs";
import { bench, closeRun, openRun, watchRun } from "./state/bench";
import { leftFolded, leftTab, narrow, rightFolded } from "./state/preferences";
import { route } from "./state/route";
import { Strip } from "./strip/strip";
import { Tour } from "./tour/card";
import { stateWord } from "./words/sentences";

export function App() {
  useSignalEffect(() => {
    const at = route.value;
    if (at.at === "run") void openRun(at.run);
    else closeRun();
    // What was chosen there is to be seen.
    if (narrow.peek()) leftFolded.value = at.at !== "bench";
    // Whoever was sent the address of a store finds the others beside it.
    if (at.at === "store") leftTab.value = "stores";
  });
  useSignalEffect(() => {
    watchRun();
    const run = bench.value?.present;
    const what = run ? `${run.title || run.name} · ${stateWord(run)} – ` : "";
    const at = route.value;
    const store = at.at === "store" ? `Store ${at.address} – ` : "";
    document.title = `${what || store}Rumormill`;
  });
  const run = bench.value ? "with-run" : "";
  const left = leftFolded.value ? "left-folded" : "";
  const right = rightFolded.value ? "right-folded" : "";
  return (
    <div class={`frame ${run} ${left} ${right}`}>
      <Header />
      <Left />
      <Centre />
      <Inspector />
      <Strip />
      <Help />
      <BranchDialog />
      <SaveDialog />
      <JobDialogs />
      <Toast />
      <Tour />
    </div>
  );
}
