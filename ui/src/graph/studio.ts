// The page's end of the painting thread: one for each open run, kept while the run is on the bench, so
// that its graph is as it was when somebody comes back from another view.

import { textOf } from "../api/live";
import type { Bench } from "../model/run";
import { snapshot } from "../model/snapshot";
import { bench as open } from "../state/bench";
import { Stage } from "./stage";
import type { FromStudio, Style, ToStudio } from "./talk";

/** One run's painting thread and its pictures. */
export class Studio {
  private readonly worker: Worker;
  private readonly stages = new Map<number | null, Stage>();
  private readonly byNumber: Stage[] = [];
  private readonly unlisten: () => void;

  constructor(readonly bench: Bench) {
    this.worker = new Worker(new URL("./paint/studio.worker.ts", import.meta.url), {
      type: "module",
    });
    this.worker.onmessage = (event: MessageEvent<FromStudio>) => this.hear(event.data);
    this.say({ type: "known", snapshot: snapshot(bench) });
    this.unlisten = bench.listen((_, word) => {
      const text = textOf.get(word);
      this.say(text === undefined ? { type: "word", word } : { type: "text", text });
    });
  }

  private say(word: ToStudio): void {
    this.worker.postMessage(word);
  }

  private hear(word: FromStudio): void {
    const stage = this.byNumber[word.picture];
    if (!stage) return;
    if (word.type === "placed") stage.place(word.placed);
    else if (word.type === "drawn") stage.draw(word.bitmap, word.camera, word.report);
    else stage.probed(word.ask, word.link);
  }

  /** The picture of a community; null is for all peers. */
  stage(community: number | null, style: Style): Stage {
    let stage = this.stages.get(community);
    if (!stage) {
      const picture = this.byNumber.length;
      stage = new Stage(this.bench, (word) => this.say({ ...word, picture } as ToStudio));
      this.byNumber.push(stage);
      this.stages.set(community, stage);
      this.say({ type: "open", picture, community, style });
    } else stage.style(style);
    return stage;
  }

  /** The plan has become another. */
  replan(plan: unknown): void {
    this.say({ type: "plan", plan });
  }

  /** Tells whose peers are wanted one by one. */
  focus(groups: number[]): void {
    this.bench.focus(groups);
    this.say({ type: "focus", groups });
  }

  end(): void {
    this.unlisten();
    this.worker.terminate();
  }
}

/** Views that show a run's graph now. */
const users = new Map<Studio, number>();

/** The studio of a run, until `leave`. */
export function enter(bench: Bench): Studio {
  for (const [studio, count] of users)
    if (studio.bench === bench) {
      users.set(studio, count + 1);
      return studio;
    }
  const studio = new Studio(bench);
  users.set(studio, 1);
  return studio;
}

/** A view shows it no longer; it ends when its run is not on the bench either. */
export function leave(studio: Studio): void {
  users.set(studio, (users.get(studio) ?? 1) - 1);
  prune();
}

function prune(): void {
  for (const [studio, count] of users) {
    if (count > 0 || studio.bench === open.peek()) continue;
    studio.end();
    users.delete(studio);
  }
}

open.subscribe(prune);
