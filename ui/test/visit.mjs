// A visit to the real lab in a real browser: what every such test begins and ends with.

import { openBrowser, openPage } from "./browser.mjs";
import { holds, Lab } from "./steps.mjs";

/**
 * Opens the lab's page without its tour, does the tests, and holds the page to a console without errors.
 * With `refused`, what the lab refuses on purpose is none.
 */
export async function visit(tests, { refused = false } = {}) {
  const url = process.env.RUMORMILL_URL;
  if (!url) throw new Error("set RUMORMILL_URL to the address that the lab printed");
  const browser = await openBrowser();
  try {
    const { page, complaints } = await openPage(browser, { colorScheme: "light" });
    await page.goto(`${url}&tour=off`);
    await tests(new Lab(page));
    const unasked = complaints.filter((text) => !refused || !/status of 400/.test(text));
    await holds("the console has no error", async () => unasked.length === 0, 0);
    for (const complaint of unasked) console.log(`        ${complaint}`);
  } finally {
    await browser.close();
  }
}
