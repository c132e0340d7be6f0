// A real Chromium for tests, as Debian ships it; collects what the page complains about.

import { existsSync } from "node:fs";
import { chromium } from "playwright-core";

const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Opens a browser: CHROMIUM names another than Debian's. */
export async function openBrowser() {
  const path = process.env.CHROMIUM ?? "/usr/bin/chromium";
  if (!existsSync(path))
    throw new Error(`no Chromium at ${path}: apt-get install chromium, or set CHROMIUM`);
  return chromium.launch({ executablePath: path, headless: true, args: FLAGS });
}

/** Opens a page; `complaints` fills with console errors and uncaught exceptions. */
export async function openPage(browser, { tour = false, ...options } = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 720 }, ...options });
  // Only the tour's own test takes the tour.
  if (!tour) await context.addInitScript(() => localStorage.setItem("rumormill-tour", "seen"));
  const page = await context.newPage();
  const complaints = [];
  page.on("console", (message) => {
    if (message.type() === "error") complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  return { page, complaints, context };
}
