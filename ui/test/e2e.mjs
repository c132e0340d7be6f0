// Runs every browser test against a real lab, one after the other, and adds up what they say.
//
// RUMORMILL_URL  the address that the lab printed, with its token
// RUNS           the folder where this lab records
// RUMORMILL_BIN  the command line, to read the recordings
// SCREENSHOTS    a folder for pictures; none are taken without it
//
// Names on the command line choose among the tests: node test/e2e.mjs time break

import { spawn } from "node:child_process";
import { readdir } from "node:fs/promises";

const HERE = new URL("./", import.meta.url).pathname;
/** Has a stand-in for the lab of its own: npm run e2e:fake. */
const ALONE = "page.e2e.mjs";

/** Runs one file and passes on what it prints. */
function run(file) {
  return new Promise((done) => {
    const child = spawn(process.execPath, [HERE + file], { stdio: ["ignore", "pipe", "inherit"] });
    let text = "";
    child.stdout.on("data", (data) => {
      text += data;
      process.stdout.write(data);
    });
    child.on("close", (code) => {
      const [, passed, failed] = /(\d+) passed, (\d+) failed\s*$/.exec(text) ?? [];
      // A file that ends without its count has failed, whatever it printed before.
      if (passed === undefined) done({ file, passed: 0, failed: 1 });
      else done({ file, passed: Number(passed), failed: Math.max(Number(failed), code ? 1 : 0) });
    });
  });
}

const wanted = process.argv.slice(2);
const files = (await readdir(HERE))
  .filter((file) => file.endsWith(".e2e.mjs") && file !== ALONE)
  .filter((file) => wanted.length === 0 || wanted.includes(file.replace(".e2e.mjs", "")))
  .sort();

const results = [];
for (const file of files) {
  console.log(`\n${file}`);
  results.push(await run(file));
}

console.log("");
for (const { file, passed, failed } of results)
  console.log(`${failed ? "FAILED" : "ok    "}  ${file}: ${passed} passed, ${failed} failed`);
const sum = (of) => results.reduce((total, result) => total + of(result), 0);
console.log(`in all: ${sum((r) => r.passed)} passed, ${sum((r) => r.failed)} failed`);
process.exit(files.length > 0 && sum((r) => r.failed) === 0 ? 0 : 1);
