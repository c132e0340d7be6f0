// What browser tests have in common: waiting for something to hold, counting, and the page's parts.

import { mkdir } from "node:fs/promises";
import { join } from "node:path";

const pictures = process.env.SCREENSHOTS;
const WAIT_MS = 60_000;
/** Once something has failed, what follows from it is not waited for as long. */
const WAIT_AFTER_FAILURE_MS = 5000;

let passed = 0;
let failed = 0;

/** Waits until `of` gives something true, and counts whether it did. */
export async function holds(what, of, wait_ms = WAIT_MS) {
  const until = Date.now() + (failed > 0 ? Math.min(wait_ms, WAIT_AFTER_FAILURE_MS) : wait_ms);
  let last;
  do {
    last = await of().catch((error) => error);
    if (last && !(last instanceof Error)) {
      passed += 1;
      console.log(`ok      ${what}`);
      return true;
    }
    await new Promise((done) => setTimeout(done, 50));
  } while (Date.now() < until);
  failed += 1;
  console.log(`FAILED  ${what}${last instanceof Error ? `: ${last.message.split("\n")[0]}` : ""}`);
  return false;
}

/** The selector of what tests look for by name. */
export const id = (name) => `[data-testid="${name}"]`;

/** A page of the lab, by the names of its parts. */
export class Lab {
  constructor(page) {
    this.page = page;
  }

  text = (name) => this.page.locator(id(name)).first().textContent({ timeout: 2000 });
  attribute = (name, key) =>
    this.page.locator(id(name)).first().getAttribute(`data-${key}`, { timeout: 2000 });
  number = async (name, key) => Number(await this.attribute(name, key));
  fill = (name, value) => this.page.fill(id(name), value);
  click = (name) => this.page.click(id(name));
  seen = (name) => this.page.locator(id(name)).first().isVisible();
  is = async (name, pattern) => pattern.test((await this.text(name)) ?? "");
  ready = () => this.page.locator(id("run")).isEnabled();

  async picture(name) {
    if (!pictures) return;
    await mkdir(pictures, { recursive: true });
    await this.page.screenshot({ path: join(pictures, `${name}.png`) });
  }

  /** Starts a run and waits for its picture. */
  async run() {
    await this.page.waitForSelector(`${id("run")}:not([disabled])[data-checking="false"]`);
    await this.click("run");
    await this.page.waitForSelector(id("graph-canvas"));
  }
}

/** Where something is, once it is there: what has just been drawn may be drawn anew. */
export async function boxOf(place) {
  for (let i = 0; i < 200; i++) {
    const box = await place.boundingBox();
    if (box && box.width > 0 && box.height > 0) return box;
    await new Promise((done) => setTimeout(done, 25));
  }
  throw new Error(`${place} is not to be seen`);
}

/** Runs the whole test, tells the count and ends the process. */
export async function finish(main) {
  try {
    await main();
  } catch (error) {
    failed += 1;
    console.log(`FAILED  ${error.message}`);
  }
  console.log(`${passed} passed, ${failed} failed`);
  process.exit(failed === 0 ? 0 : 1);
}
