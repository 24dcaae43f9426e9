// The host for JavaScript in headless Chromium: FOLDER MODEL SECONDS. The browser
// and the page are started already when the time begins.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";

const [dir, model, seconds] = process.argv.slice(2);
const { chromium } = createRequire(`${process.env.FORETIDE_NPM || "."}/`)("playwright-core");

const types = { js: "text/javascript", mjs: "text/javascript", wasm: "application/wasm", json: "application/json" };
const place = (name) =>
  name.startsWith("/host/") ? new URL(`../../wasm/hosts/js/src/${name.slice(6)}`, import.meta.url)
  : name === "/steady.mjs" ? new URL("steady.mjs", import.meta.url)
  : `${dir}${name}`;
const server = createServer((q, s) => {
  if (q.url === "/") return s.writeHead(200, { "content-type": "text/html" }).end("<!doctype html>");
  try {
    const data = readFileSync(place(q.url));
    s.writeHead(200, { "content-type": types[q.url.split(".").pop()] ?? "application/octet-stream" }).end(data);
  } catch {
    s.writeHead(404).end();
  }
});
await new Promise((done) => server.listen(0, "127.0.0.1", done));

const executablePath = execFileSync("sh", ["-c", "command -v chromium"], { encoding: "utf8" }).trim();
const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
try {
  const page = await browser.newPage();
  await page.goto(`http://127.0.0.1:${server.address().port}/`);
  const told = await page.evaluate(async ({ model, seconds }) => {
    const { Foretide } = await import("/host/index.js");
    const { measure, windowOf } = await import("/steady.mjs");
    let told;
    const rest = await measure({
      open: Foretide.open,
      module: () => fetch("/foretide.wasm"),
      checkpoint: async () => (await fetch(`/${model}.ckpt`)).arrayBuffer(),
      window: async () => windowOf(await (await fetch("/window.json")).text()),
      seconds,
      say: (first) => (told = first),
    });
    return [told, rest];
  }, { model, seconds: Number(seconds) });
  for (const line of told) console.log(JSON.stringify(line));
} finally {
  await browser.close();
  server.close();
}
