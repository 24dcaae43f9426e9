// The page in headless Chromium, as its users use it: click, drop, keyboard, a
// bad file, and the same numbers as `foretide predict`.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { gunzipSync } from "node:zlib";

import { build } from "../build.mjs";
import { chromium, launch, root, serve } from "../testing/page.mjs";

const type = chromium();
const must = process.env.FORETIDE_CI === "1";
const skip = type === null && !must && "chromium or playwright-core is not installed";
const native = process.env.FORETIDE;
const demo = join(root, "cmd/foretide/demo/pool.csv.gz");

let server, browser, folder;
before(async () => {
  if (skip) return;
  folder = mkdtempSync(join(tmpdir(), "foretide-web-"));
  server = await serve();
  browser = await launch(type);
});
after(async () => {
  await browser?.close();
  server?.close();
  if (folder) rmSync(folder, { recursive: true });
});

/** A new page at an address; an error of its scripts fails the test. */
async function open(t, { url = server.url, width = 1200, colorScheme = "light" } = {}) {
  const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme });
  const errors = [];
  page.on("pageerror", (e) => errors.push(String(e)));
  page.on("request", (q) => /^(file|blob|data):/.test(q.url()) || q.url().startsWith(new URL(url).origin) || errors.push(`asks for ${q.url()}`));
  t.after(async () => {
    await page.close();
    assert.deepEqual(errors, []);
  });
  page.setDefaultTimeout(30000);
  await page.goto(url);
  return page;
}

const text = (page, id) => page.locator(`#${id}`).innerText();
const tiles = (page) => page.locator("#tiles .tile b").allInnerTexts();
const clickDemo = (page) => page.getByRole("button", { name: "Open the demo’s" }).click();
const done = (page) => page.locator("body:not([aria-busy]) #past svg").first().waitFor();

/** Drops files on the page, as a mouse does. */
async function drop(page, files) {
  const data = await page.evaluateHandle((files) => {
    const d = new DataTransfer();
    for (const [name, base64] of files) d.items.add(new File([Uint8Array.from(atob(base64), (c) => c.charCodeAt(0))], name));
    return d;
  }, files.map(([name, bytes]) => [name, Buffer.from(bytes).toString("base64")]));
  for (const event of ["dragenter", "dragover", "drop"]) await page.dispatchEvent("main", event, { dataTransfer: data });
}

/** What the page's worker forecasts of a file, all digits. */
const worked = (page, files, metric) => page.evaluate(async ({ files, metric }) => {
  const worker = new Worker(new URL("src/worker.js", location.href), { type: "module" });
  const ask = (duty, args) => new Promise((done, failed) => {
    worker.onmessage = ({ data }) => (data.error ? failed(new Error(data.error.message)) : done(data.answer));
    worker.postMessage({ id: 1, do: duty, with: args });
  });
  await ask("open", { module: await (await fetch("../../foretide.wasm")).arrayBuffer() });
  let container;
  for (const [name, base64] of files) {
    const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
    const answer = await ask(name.endsWith(".ckpt") ? "load" : "read", { name, bytes: name.endsWith(".ckpt") ? bytes : bytes.buffer });
    container ??= answer.containers?.[0].name;
  }
  const { forecast } = await ask("forecast", { container, metric });
  worker.terminate();
  return forecast.horizons.map((h) => ({ at: h.time, model: h.model, reasons: [...forecast.reasons, ...h.reasons], quantiles: [...h.quantiles] }));
}, { files: files.map(([name, bytes]) => [name, bytes.toString("base64")]), metric });

/** The same of the command line. */
function predicted(data, store, metric) {
  const out = execFileSync(native, ["predict", "-q", "--data", data, ...store, "--metric", metric, "--json"], { cwd: folder, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
  return JSON.parse(out)[0].horizons.map((h) => ({ at: Date.parse(h.at) / 1000, model: h.model, reasons: h.reasons ?? [], quantiles: h.quantiles.map((q) => q.value) }));
}

function assertSame(got, want) {
  assert.equal(got.length, want.length);
  got.forEach((g, i) => {
    assert.deepEqual([g.at, g.model, [...new Set(g.reasons)].sort()], [want[i].at, want[i].model, [...want[i].reasons].sort()]);
    const size = Math.max(...want[i].quantiles.map(Math.abs)); // networks count in 32 bits: ../../ABI.md, "Test vectors"
    g.quantiles.forEach((v, k) => assert.ok(Math.abs(v - want[i].quantiles[k]) <= 1e-6 * size, `quantile ${k} at ${g.at} is ${v}, native ${want[i].quantiles[k]}`));
  });
}

test("the demo, by a click", { skip, timeout: 120000 }, async (t) => {
  const page = await open(t);
  await clickDemo(page);
  await done(page);
  assert.match(await text(page, "status"), /36,218 rows, 1 container/);
  assert.deepEqual((await tiles(page)).slice(0, 3), ["87.23", "187.0", "272.6"]); // as foretide predict prints
  assert.match((await tiles(page))[3], /^[<\d. ]+ ms$/);
  assert.match(await text(page, "notes"), /no_checkpoint/);
  assert.match(await text(page, "score"), /1\d\d forecasts, one every 10 min.*mean absolute error [\d.]+, of the last value [\d.]+ \(0\.[5-9]\d times it\)/);
  const before = await text(page, "score");
  await page.locator("#ahead").getByRole("button", { name: "30 min" }).click();
  assert.notEqual(await text(page, "score"), before);
  await page.locator("#metric").selectOption("memory");
  await page.locator("#past-title", { hasText: "memory of ccc/cluster28" }).waitFor();
  assert.notEqual((await tiles(page))[0], "87.23");
  const broken = await page.locator("svg *").evaluateAll((all) => all.filter((e) => /NaN|Infinity|undefined/.test(e.outerHTML)).length);
  assert.equal(broken, 0);
});

test("a file dropped, and bad ones", { skip, timeout: 120000 }, async (t) => {
  const page = await open(t);
  const rows = Array.from({ length: 2880 }, (_, i) => `${1700000040 + 60 * i},"web, ""1""",${(5 + 3 * Math.sin(i / 100)).toFixed(3)}`);
  const good = ["timestamp,container,cpu", ...rows, ""].join("\n");
  for (const [name, bytes, says] of [
    ["bad.csv", good.replace("1700000220", "yesterday"), /^bad\.csv, line 5: timestamp "yesterday" is no time; write Unix seconds/],
    ["value.csv", good.replace(/,[\d.]+\n$/, ",much\n"), /^value\.csv, line 2881: column cpu has "much", which is no number/],
    ["nameless.csv", good.replace(/,"web[^,]*, ""1"""(,[^,]*\n$)/, '," "$1'), /^nameless\.csv, line 2881: the container's name is empty; every row needs one/],
    ["far.csv", good.replace("1700000220", "9000000000"), /^far\.csv: container "web, \\"1\\"": .* need 121666667 cells of 60 s, more than 4194304; remove the rows whose timestamp is wrong/],
    ["names.csv", "time;host;cpu\n", /separated by ";"; separate them by commas/],
    ["picture.png", Buffer.from([0x89, 0x50, 0, 0]), /^picture\.png: binary data/],
    ["cut.csv.gz", readFileSync(demo).subarray(0, 5000), /^cut\.csv\.gz: the gzip data are damaged or cut off/],
    ["empty.csv", "", /^empty\.csv: it is empty/],
    ["cpu.ckpt", "no checkpoint", /^cpu\.ckpt: /],
  ]) {
    await drop(page, [[name, bytes]]);
    await page.locator("#error:visible", { hasText: name }).waitFor();
    assert.match(await text(page, "error"), says);
    assert.equal(await page.locator("#results").isVisible(), false);
  }
  await drop(page, [["good.csv", good]]);
  await done(page);
  assert.equal(await page.locator("#error").isVisible(), false);
  assert.match(await text(page, "status"), /^good\.csv: 2,880 rows, 1 container$/);
  assert.equal(await page.locator("#container").inputValue(), 'web, "1"');
});

test("the numbers of foretide predict", { skip: skip || (!native && !must && "FORETIDE names no foretide"), timeout: 200000 }, async (t) => {
  const page = await open(t);
  const bytes = readFileSync(demo);
  for (const metric of ["cpu", "memory"]) assertSame(await worked(page, [["demo.csv.gz", bytes]], metric), predicted(demo, [], metric));

  // Irregular rows, doubled and missing ones, text; and a checkpoint.
  const lines = gunzipSync(bytes).toString().split("\n").slice(0, 9000);
  const rough = lines.map((l, i) => (i === 0 ? `${l},host` : i % 7 === 3 || l === "" ? "" : `${l.replace(/^\d+/, (x) => Number(x) + (i % 31))},${i % 11 ? "a" : ""}`)).filter((l) => l);
  rough.push(rough[4000], rough[rough.length - 1].replace(/,[\d.]+,/, ",NaN,"));
  writeFileSync(join(folder, "rough.csv"), `${rough.join("\n")}\n`);
  execFileSync(native, ["train", "-q", "--data", "rough.csv", "--metric", "cpu", "--store", "store"], { cwd: folder, stdio: "ignore" });
  const checkpoint = readFileSync(join(folder, "store/cpu/ccc%2Fcluster28.ckpt"));
  const file = readFileSync(join(folder, "rough.csv"));
  assertSame(await worked(page, [["rough.csv", file]], "cpu"), predicted("rough.csv", [], "cpu"));
  const want = predicted("rough.csv", ["--store", "store"], "cpu");
  assertSame(await worked(page, [["rough.csv", file], ["cpu.ckpt", checkpoint]], "cpu"), want);

  await drop(page, [["cpu.ckpt", checkpoint], ["rough.csv", file]]);
  await done(page);
  assert.match(await text(page, "checkpoints"), /cpu\.ckpt \(\w+, cpu of ccc\/cluster28\)/);
  assert.match(await text(page, "notes"), /by cpu\.ckpt/);
  const with1 = await tiles(page);
  await page.locator("#checkpoints button").click();
  await page.locator("#notes", { hasText: "no_checkpoint" }).waitFor();
  assert.notDeepEqual((await tiles(page)).slice(0, 3), with1.slice(0, 3));
});

test("one file from a disk, on a phone, by keyboard, in the dark", { skip, timeout: 120000 }, async (t) => {
  writeFileSync(join(folder, "index.html"), build());
  const page = await open(t, { url: `file://${folder}/index.html`, width: 390, colorScheme: "dark" });
  const focused = () => page.evaluate(() => document.activeElement.id);
  await page.keyboard.press("Tab");
  assert.equal(await focused(), "open"); // there is no forecast yet to skip to
  for (let i = 0; i < 10 && (await focused()) !== "demo"; i++) await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await done(page);
  assert.deepEqual((await tiles(page)).slice(0, 3), ["87.23", "187.0", "272.6"]);
  for (let i = 0; i < 20 && (await focused()) !== "history"; i++) await page.keyboard.press("Tab");
  await page.keyboard.press("End");
  assert.match(await page.locator("#history .tip").innerText(), /00:29 UTC[^]*forecast\s+272\.6[^]*80 %/);
  await page.keyboard.press("Shift+Tab"); // to the last of the spans
  await page.keyboard.press("Space");
  assert.match(await text(page, "history-title"), /means of/);
  const tooWide = () => page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  assert.equal(await tooWide(), 0);
  assert.equal(await page.evaluate(() => getComputedStyle(document.body).backgroundColor), "rgb(18, 21, 26)");

  for (let i = 0; i < 30 && (await focused()) !== "skip"; i++) await page.keyboard.press("Shift+Tab");
  await page.keyboard.press("Enter");
  assert.equal(await focused(), "results");

  // A container's name as Docker gives them, in a file of that name; and a
  // checkpoint of that name.
  const name = "0123456789abcdef".repeat(4);
  const rows = Array.from({ length: 2880 }, (_, i) => `${1700000040 + 60 * i},${name},${i % 9}`);
  await drop(page, [[`${name}.csv`, ["timestamp,container,cpu", ...rows, ""].join("\n")], [`${name}.ckpt`, readFileSync(join(root, "wasm/testdata/linear.ckpt"))]]);
  for (const title of ["history-title", "past-title"]) await page.locator(`#${title}`, { hasText: name }).waitFor();
  await page.locator("#checkpoints", { hasText: name }).waitFor();
  await done(page);
  assert.equal(await tooWide(), 0);
});
