import { loadEnv } from "vite";
import { defineConfig } from "vitest/config";

// The lab that the development server forwards to, "rumormill lab" or "npm run fake", and its token.
const env = loadEnv("", ".", "RUMORMILL_");
const lab = env["RUMORMILL_LAB"] ?? "http://127.0.0.1:7117";
const token = env["RUMORMILL_TOKEN"];
// The lab answers its own page only: what is forwarded says that it comes from there.
const headers = { origin: lab, ...(token ? { authorization: `Bearer ${token}` } : {}) };

export default defineConfig({
  // Relative addresses: the lab may serve the page from anywhere.
  base: "./",
  build: {
    target: "es2022",
    outDir: "dist",
    emptyOutDir: true,
    sourcemap: false,
    // A data: address would need a hole in the lab's content security policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // What is bundled is others' work too: their notices go where their code goes.
    license: { fileName: "licenses.md" },
  },
  server: { proxy: { "/api": { target: lab, ws: true, changeOrigin: true, headers } } },
  test: { include: ["test/unit/**/*.test.ts"], environment: "node" },
});
