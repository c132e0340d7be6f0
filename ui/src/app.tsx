// The frame: left what to run, centre what happens, right what is selected, bottom when.

import { useSignalEffect } from "@preact/signals";
import { Centre } from "./frame/centre";
import { Header } from "./frame/header";
import { Help } from "./frame/help";
import { Left } from "./frame/left";
import { Inspector } from "./inspector/panel";
import { bench, closeRun, openRun } from "./state/bench";
import { leftFolded, rightFolded } from "./state/preferences";
import { route } from "./state/route";
import { Strip } from "./strip/strip";

export function App() {
  useSignalEffect(() => {
    const at = route.value;
    if (at.at === "run") void openRun(at.run);
    else closeRun();
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
    </div>
  );
}
