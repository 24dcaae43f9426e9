// The worker in headless Chromium: the same forecast as the module's vectors.
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { forecasts } from "../src/bytes.js";
import { file, module, vectors, windowOf } from "../testing/data.mjs";

const page = `<!doctype html><script type="importmap">{ "imports": { "foretide/worker.js": "/src/worker.js" } }</script><script type="module">
  const worker = new Worker(new URL(import.meta.resolve("foretide/worker.js")), { type: "module" });
  const ask = (message) => new Promise((done) => {
    worker.onmessage = ({ data }) => done(data);
    worker.postMessage(message);
  });
  const { window, options } = await (await fetch("/request.json")).json();
  const checkpoint = await (await fetch("/lstm.ckpt")).arrayBuffer();
  const good = await ask({ id: 1, checkpoint, window, options });
  const bad = await ask({ id: 2, checkpoint: new Uint8Array(100), window, options });
  for (const h of good.forecast.horizons) h.quantiles = [...h.quantiles];
  await fetch("/result", { method: "POST", body: JSON.stringify({ good, bad }) });
</script>`;

const installed = spawnSync("chromium", ["--version"]).status === 0;
const skip = !installed && process.env.FORETIDE_CI !== "1" && "chromium is not installed";

test("a worker in Chromium", { skip, timeout: 60000 }, async () => {
  const source = (name) => readFileSync(new URL(`../src/${name}`, import.meta.url));
  const request = windowOf(file("window.req"));
  const plain = (part) => part && { ...part, metrics: Object.fromEntries(Object.entries(part.metrics).map(([k, v]) => [k, [...v]])) };
  request.window = { ...plain(request.window), long: plain(request.window.long) };
  const content = {
    "/": ["text/html", page],
    "/request.json": ["application/json", JSON.stringify(request)],
    "/lstm.ckpt": ["application/octet-stream", file("lstm.ckpt")],
    "/foretide.wasm": ["application/wasm", module],
  };
  for (const name of readdirSync(new URL("../src", import.meta.url))) content[`/src/${name}`] = ["text/javascript", source(name)];

  let answered;
  const answer = new Promise((done) => (answered = done));
  const server = createServer((q, s) => {
    if (q.method === "POST") {
      let body = "";
      q.on("data", (b) => (body += b)).on("end", () => (s.end(), answered(JSON.parse(body))));
      return;
    }
    const [type, data] = content[q.url] ?? [];
    s.writeHead(type ? 200 : 404, { "content-type": type ?? "text/plain" }).end(data);
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  const profile = mkdtempSync(join(tmpdir(), "foretide-chromium-"));
  const browser = spawn("chromium", [
    "--headless", "--no-sandbox", "--disable-gpu", `--user-data-dir=${profile}`, `http://127.0.0.1:${server.address().port}/`,
  ], { stdio: "ignore" });
  try {
    const { good, bad } = await answer;
    const want = forecasts(file(vectors.find((v) => v.handle === 5 && v.in === "window.req").out))[0];
    assert.equal(good.id, 1);
    assert.deepEqual(good.forecast.horizons, want.horizons.map((h) => ({ ...h, quantiles: [...h.quantiles] })));
    assert.deepEqual([bad.id, bad.error.code], [2, "not_checkpoint"]);
  } finally {
    const gone = new Promise((done) => browser.on("exit", done));
    browser.kill();
    await gone;
    server.closeAllConnections();
    server.close();
    rmSync(profile, { recursive: true, force: true, maxRetries: 10 });
  }
});
