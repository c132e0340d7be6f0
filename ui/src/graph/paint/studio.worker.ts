// The thread that paints graphs: follows the run like the page does, so that layout and drawing never
// keep the page from answering a hand.

import type { Word } from "../../api/types";
import type { Bench } from "../../model/run";
import { revive } from "../../model/snapshot";
import type { FromStudio, ToStudio } from "../talk";
import { Picture } from "./picture";

let bench: Bench | null = null;
const pictures = new Map<number, Picture>();

function post(word: FromStudio, transfer: Transferable[] = []): void {
  postMessage(word, { transfer });
}

function follow(known: Bench): void {
  bench = known;
  known.listen((rows, word) => {
    for (const picture of pictures.values()) picture.news(rows, word);
  });
}

function obey(word: ToStudio): void {
  if (word.type === "known") follow(revive(word.snapshot));
  if (!bench || word.type === "known") return;
  if (word.type === "word") bench.take(word.word);
  else if (word.type === "text") bench.take(JSON.parse(word.text) as Word);
  else if (word.type === "focus") bench.focus(word.groups);
  else if (word.type === "plan") {
    bench.run.plan = word.plan;
    for (const picture of pictures.values()) picture.replan();
  } else if (word.type === "open")
    pictures.set(word.picture, new Picture(bench, word.picture, word.community, word.style, post));
  else if (word.type === "close") {
    pictures.get(word.picture)?.end();
    pictures.delete(word.picture);
  } else pictures.get(word.picture)?.obey(word);
}

addEventListener("message", (event: MessageEvent<ToStudio>) => obey(event.data));
