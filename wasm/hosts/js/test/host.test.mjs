// The host as programs use it.
import assert from "node:assert/strict";
import { resolve } from "node:path";
import { test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";

import { Foretide, ForetideError } from "../src/index.js";
import { forecasts, request } from "../src/bytes.js";
import { file, models, module, vectors, windowOf } from "../testing/data.mjs";

const compiled = await WebAssembly.compile(module);
const kinds = models.filter((m) => m.checkpoint).map((m) => m.name);

/** What the module answered to a call of the vectors. */
function answer(handle, request, nth = 0) {
  const v = vectors.filter((v) => v.call === "forecast" && v.handle === handle && v.in === request)[nth];
  return forecasts(file(v.out));
}

for (const [i, kind] of kinds.entries()) {
  test(`a forecast of ${kind}`, () => {
    const model = new Foretide(compiled).load(file(`${kind}.ckpt`));
    assert.equal(model.describe().family, kind);
    for (const request of ["window.req", "frame.req"]) {
      const { window, options } = windowOf(file(request));
      const [want] = answer(i + 1, request);
      const got = model.forecast(window, options);
      assert.deepEqual(got, want);
      assert.ok(got.horizons.length > 0 && got.horizons.every((h) => Number.isFinite(h.mean) && h.time === got.origin + h.ahead));
      assert.ok(got.horizons[0].quantiles instanceof Float64Array);
    }
    // Plain arrays will do, and null is a missing value.
    const { window, options } = windowOf(file("frame.req"));
    for (const [name, values] of Object.entries(window.metrics)) window.metrics[name] = Array.from(values, (x) => (Number.isNaN(x) ? null : x));
    assert.deepEqual(model.forecast(window, options), answer(i + 1, "frame.req")[0]);
  });
}

test("a forecast without a checkpoint", () => {
  const f = new Foretide(compiled).forecast({ start: 0, step: 60, metrics: { cpu: new Float64Array(120).fill(3) } }, { metric: "cpu" });
  assert.deepEqual(f.horizons.map((h) => h.ahead), [300, 900, 1800]);
  assert.ok(Math.abs(f.horizons[0].mean - 3) < 1e-4, String(f.horizons[0].mean));
  assert.ok(f.reasons.includes("no_checkpoint"));
  // Of two hours it says what it lacks.
  assert.deepEqual(f.reasons.filter((r) => ["no_hour", "no_day", "no_week"].includes(r)), ["no_day", "no_week"]);
});

test("samples on a grid", () => {
  const foretide = new Foretide(compiled);
  const { window, report } = foretide.clean(
    { container: "web", times: [190, 60.9, 61, 120, 240], metrics: { cpu: [4, 1, 2, 3, Infinity], memory: [null, NaN, undefined, NaN, NaN], net_rx: new Float64Array([300, 0, 0, 60, 600]) }, counters: ["net_rx"] },
    { keep: 9 * 86400 },
  );
  const { metrics, ...grid } = window;
  assert.deepEqual(grid, { start: 60, step: 60, container: "web" });
  assert.deepEqual(Object.entries(metrics).map(([name, values]) => [name, ...values]), [["cpu", 1.5, 3, 4, NaN], ["net_rx", 0, 60 / 59, 240 / 70, 6]]);
  assert.deepEqual(report.cpu, { used: 4, missing: 0, refused: 1, old: 0, repeated: 0, unordered: 1, resets: 0 });
  assert.equal(report.memory.missing, 5);
  assert.ok(foretide.forecast(window, { metric: "cpu" }).horizons.length === 3);
  assert.deepEqual(foretide.clean({ times: [0, 60, 120], metrics: { cpu: [1, 2, 3] } }, { step: 120, keep: 120 }).window.metrics.cpu, new Float64Array([3]));
  for (const [samples, code, words] of [
    [{ times: [0, 2e12], metrics: { cpu: [1, 2] } }, "too_large", "need"],
    [{ times: [0, 60], metrics: { cpu: [1] } }, undefined, "metrics.cpu has 1 values, times has 2"],
    [{ times: [0, NaN], metrics: { cpu: [1, 2] } }, undefined, "times[1] is NaN"],
    [{ times: [0, 60], metrics: {} }, undefined, "names no metric"],
    [{ times: [0], metrics: { cpu: ["1"] } }, undefined, "metrics.cpu[0] is \"1\""],
  ]) {
    assert.throws(() => foretide.clean(samples, { step: 60 }), (e) => e.code === code && e.message.includes(words), words);
  }
});

test("names of checkpoints", () => {
  const foretide = new Foretide(compiled);
  assert.equal(foretide.checkpointName("cpu", "azure/vm-1"), "cpu/azure%2Fvm-1.ckpt");
  assert.equal(foretide.checkpointName("cpu"), "cpu/_shared.ckpt");
  assert.equal(foretide.checkpointName("..", "_shared"), "%2E./%5Fshared.ckpt");
  assert.throws(() => foretide.checkpointName("", "web"), { code: "no_metric" });
  assert.throws(() => foretide.checkpointName("cpu", 7), TypeError);
});

test("many windows, of which one fails", () => {
  const model = new Foretide(compiled).load(file("linear.ckpt"));
  const { window, options } = windowOf(file("window.req"));
  const [good, bad] = model.forecastMany([window, { ...window, step: 7, start: 0, long: undefined }], options);
  assert.deepEqual(good, model.forecast(window, options));
  assert.ok(bad instanceof ForetideError && bad.code === "bad_step", String(bad));
});

test("failures have the module's codes and words", () => {
  const foretide = new Foretide(compiled);
  for (const [name, code] of [["text.ckpt", "not_checkpoint"], ["half.ckpt", "damaged"], ["damaged.ckpt", "damaged"], ["newer.ckpt", "bad_version"]]) {
    const v = vectors.find((v) => v.in === name);
    assert.throws(() => foretide.load(file(name)), { name: "ForetideError", code, message: v.message });
  }
  const model = foretide.load(file("arima.ckpt"));
  model.free();
  assert.throws(() => model.describe(), { code: "bad_handle" });
  assert.throws(() => foretide.forecast({ start: 0, step: 60, metrics: {} }, { metric: "cpu" }), /names no metric/);
  assert.throws(() => foretide.forecast({ start: 0.5, step: 60, metrics: { cpu: [1] } }, { metric: "cpu" }), /start is 0.5/);
  assert.throws(() => foretide.forecast({ start: 0, step: 60, metrics: { cpu: [1, 2], memory: [1] } }, { metric: "cpu" }), /memory has 1 values/);
});

test("what is no number, no text or no time is refused by name", () => {
  const foretide = new Foretide(compiled);
  const ask = (metrics, options, more) => foretide.forecast({ start: 0, step: 60, metrics, ...more }, { metric: "cpu", horizons: [300], ...options });
  const want = ask({ cpu: [1, NaN, 3] });
  for (const cpu of [[1, null, 3], [1, undefined, 3], { length: 3, 0: 1, 2: 3 }, Float32Array.of(1, NaN, 3)]) assert.deepEqual(ask({ cpu }), want);
  for (const [cpu, says] of [
    ["1234", "metrics.cpu is not an array of numbers"],
    [["1", "x"], 'metrics.cpu[0] is "1", not a number'],
    [[1, { v: 1 }], "metrics.cpu[1] is an object, not a number"],
    [[1, 2n], "metrics.cpu[1] is a bigint, not a number"],
    [new BigInt64Array(2), "metrics.cpu[0] is a bigint, not a number"],
    [new DataView(new ArrayBuffer(8)), "metrics.cpu is not an array of numbers"],
    [null, "metrics.cpu is not an array of numbers"],
    [{ length: -1.5 }, "metrics.cpu is not an array of numbers"],
  ]) {
    assert.throws(() => ask({ cpu }), { name: "TypeError", message: `foretide: ${says}` });
  }
  for (const [options, says] of [
    [{ horizons: ["300"] }, 'horizons[0] is "300", not a number'], [{ horizons: [300, 1.5] }, "horizons[1] is 1.5, not a whole number of seconds"],
    [{ horizons: "300" }, "horizons is not an array of numbers"], [{ metric: 7 }, "metric is a number, not a string"],
  ]) {
    assert.throws(() => ask({ cpu: [1] }, options), { name: "TypeError", message: `foretide: ${says}` });
  }
  assert.throws(() => ask({ cpu: [1] }, {}, { container: 7 }), { name: "TypeError", message: "foretide: container is a number, not a string" });
  assert.throws(() => ask({ cpu: [1] }, {}, { long: { start: 0, step: 300, metrics: { cpu: ["1"] } } }), { message: 'foretide: long.metrics.cpu[0] is "1", not a number' });
  // None is none, and no metric of that name.
  assert.throws(() => ask({ cpu: [1] }, { metric: null }), (e) => e instanceof ForetideError && !e.message.includes("null"));
  const model = foretide.load(file("arima.ckpt"));
  const { window } = windowOf(file("frame.req"));
  assert.deepEqual(model.forecast(window, null), model.forecast(window, { metric: null, horizons: null }));
  const [ahead] = model.describe().horizons;
  assert.equal(model.update(window, [{ ahead, value: null }, { ahead, value: undefined }]), 0);
  assert.throws(() => model.update(window, [{ ahead, value: 1 }, { ahead, value: "1" }]), { message: 'foretide: actuals[1].value is "1", not a number' });
  assert.throws(() => model.update(window, [{ ahead: "5", value: 1 }]), { message: /actuals\[0\]\.ahead is 5, not a whole number/ });
});

test("intervals that learn, and whose state goes on elsewhere", () => {
  const model = new Foretide(compiled).load(file("arima.ckpt"));
  const { window, options } = windowOf(file("frame.req"));
  const before = model.forecast(window, options);
  const { ahead, quantiles } = before.horizons[0];
  const high = quantiles.at(-1);
  for (let i = 0; i < 20; i++) assert.equal(model.update(window, [{ ahead, value: 10 * high + 1 }]), 1);
  const after = model.forecast(window, options);
  assert.ok(after.horizons[0].quantiles.at(-1) > high);
  const other = new Foretide(compiled).load(file("arima.ckpt"));
  other.state = model.state;
  assert.deepEqual(other.forecast(window, options), after);
});

test("a state in any bytes, and none", () => {
  const foretide = new Foretide(compiled);
  const model = foretide.load(file("arima.ckpt"));
  const { window, options } = windowOf(file("frame.req"));
  const before = model.forecast(window, options);
  for (let i = 0; i < 20; i++) model.update(window, [{ ahead: before.horizons[0].ahead, value: 1e6 }]);
  const [state, after] = [model.state, model.forecast(window, options)];
  assert.notDeepEqual(after, before);
  const padded = new Uint8Array(state.length + 3);
  padded.set(state, 3);
  for (const bytes of [state.buffer.slice(state.byteOffset, state.byteOffset + state.length), new DataView(padded.buffer, 3), padded.subarray(3)]) {
    const other = foretide.load(file("arima.ckpt").buffer);
    other.state = bytes;
    assert.deepEqual([other.state, other.forecast(window, options)], [state, after]);
    // Of none it is as if nothing had been learnt.
    for (const empty of [new Uint8Array(0), new ArrayBuffer(0)]) {
      other.state = bytes;
      other.state = empty;
      assert.deepEqual([other.state.length, other.forecast(window, options)], [0, before]);
    }
  }
  // What is no state leaves the one that there was.
  for (const bad of ["state", [...state], null, undefined, state.length, {}]) assert.throws(() => (model.state = bad), { name: "TypeError", message: /the state is not bytes/ });
  assert.throws(() => (model.state = new Uint8Array([1, 2, 3])), { code: "bad_model" });
  assert.deepEqual([model.state, model.forecast(window, options)], [state, after]);
  for (const bad of ["checkpoint", [1, 2], null]) assert.throws(() => foretide.load(bad), { name: "TypeError", message: /the checkpoint is not bytes/ });
});

test("after a trap the next call works", async () => {
  const foretide = await Foretide.open(module, { memoryLimit: 16 << 20 });
  const model = foretide.load(file("lstm.ckpt"));
  const { window, options } = windowOf(file("window.req"));
  const want = model.forecast(window, options);
  assert.throws(() => model.forecastMany(new Array(1000).fill(windowOf(file("frame.req")).window), options), { code: "trap" });
  assert.deepEqual(model.forecast(window, options), want);
});

test("what is no module is refused", async () => {
  const section = (id, ...content) => [id, content.length, ...content];
  const text = (s) => [s.length, ...new TextEncoder().encode(s)];
  const made = (...sections) => new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, ...sections.flat()]);
  const type = section(1, 1, 0x60, 0, 0); // a function of nothing
  const initialize = [section(3, 1, 0), section(7, 1, ...text("_initialize"), 0, 0), section(10, 1, 2, 0, 0x0b)];
  for (const [bytes, says] of [
    [new Uint8Array([1, 2, 3]), /cannot be used: .*WebAssembly/],
    [module.subarray(0, 1e6), /cannot be used/],
    [new Response(module.subarray(0, 1000), { headers: { "content-type": "application/wasm" } }), /cannot be used/],
    [made(), /lacks the function _initialize/],
    [made(type, ...initialize), /lacks the function foretide_abi_version/],
    [made(type, section(2, 1, ...text("env"), ...text("f"), 0, 0)), /env/],
    [Promise.resolve(new Response("", { status: 404 })), /answers 404/],
  ]) {
    await assert.rejects(Foretide.open(bytes), (e) => e instanceof ForetideError && e.code === "bad_module" && says.test(e.message));
  }
  // A function that is lacking, and two in each other's place.
  const [load, free] = ["foretide_load", "foretide_free"].map((name) => module.indexOf(name));
  const changed = Buffer.from(module);
  changed.write("foretide_lost", load);
  await assert.rejects(Foretide.open(changed), { code: "bad_module", message: /lacks the function foretide_load/ });
  changed.write("foretide_free", load);
  changed.write("foretide_load", free);
  await assert.rejects(Foretide.open(changed), { code: "bad_module", message: /foretide_free takes 2 numbers, not 1/ });
  for (const bad of [null, 5, {}]) await assert.rejects(Foretide.open(bad), { name: "TypeError", message: /opened by URL/ });
});

test("a path begins in the process's folder", { skip: globalThis.Deno !== undefined && "Deno may not leave its own" }, async () => {
  const before = process.cwd();
  process.chdir(fileURLToPath(new URL("../../..", import.meta.url)));
  try {
    for (const path of ["foretide.wasm", "./foretide.wasm", resolve("foretide.wasm"), pathToFileURL("foretide.wasm").href]) {
      assert.ok((await Foretide.open(path)) instanceof Foretide, path);
    }
    await assert.rejects(Foretide.open("no%20file#.wasm"), { code: "ENOENT", path: resolve("no%20file#.wasm") });
  } finally {
    process.chdir(before);
  }
});

test("where there is a page, a URL is relative to it", async () => {
  const { fetch } = globalThis;
  const location = Object.getOwnPropertyDescriptor(globalThis, "location"); // Deno has one, of nothing
  const asked = [];
  globalThis.fetch = async (url) => (asked.push(String(url)), new Response(module));
  Object.defineProperty(globalThis, "location", { value: { href: "https://site.test/app/page.html" }, configurable: true });
  try {
    for (const source of ["foretide.wasm", "/x/foretide.wasm", "https://cdn.test/a.wasm", new URL("https://cdn.test/b.wasm")]) await Foretide.open(source);
  } finally {
    globalThis.fetch = fetch;
    delete globalThis.location;
    if (location) Object.defineProperty(globalThis, "location", location);
  }
  assert.deepEqual(asked, ["https://site.test/app/foretide.wasm", "https://site.test/x/foretide.wasm", "https://cdn.test/a.wasm", "https://cdn.test/b.wasm"]);
});

test("requests of any size", () => {
  const window = { start: 0, step: 60, metrics: { cpu: [1, 2, 3] } };
  for (let n = 1; n < 40; n++) {
    for (const container of ["", "a container", "another that is longer"]) {
      const one = request([{ ...window, container }], { metric: "cpu" }).length - 16;
      assert.equal(request(Array(n).fill({ ...window, container }), { metric: "cpu" }).length, 16 + n * one);
    }
  }
});
