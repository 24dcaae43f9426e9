// What memory an instance takes, and what gives it back.
import assert from "node:assert/strict";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { test } from "node:test";

import { Foretide } from "../src/index.js";
import { file, module, windowOf } from "../testing/data.mjs";

const flat = (cells) => ({ start: 0, step: 60, metrics: { cpu: new Float64Array(cells).fill(1) } });
const options = { metric: "cpu", horizons: [300] };

test("memory has a limit", async () => {
  const bytes = new Response(module, { headers: { "content-type": "application/wasm" } });
  for (const [source, limit, given] of [[module, 256 << 20], [module, 256 << 20, null], [bytes, 32 << 20, 32 << 20], [module.buffer.slice(module.byteOffset, module.byteOffset + module.length), 16 << 20, 1]]) {
    const foretide = await Foretide.open(source, given ? { memoryLimit: given } : given);
    const { memory } = await instance(foretide.module);
    const pages = memory.buffer.byteLength / 65536;
    assert.throws(() => memory.grow(limit / 65536 - pages + 1), RangeError);
    memory.grow(limit / 65536 - pages);
  }
  const foretide = await Foretide.open(module, { memoryLimit: 32 << 20 });
  assert.throws(() => foretide.forecast(flat(1 << 22), options), { code: "trap", message: /out of memory|arena already/ });
  assert.equal(foretide.forecast(flat(100), options).horizons.length, 1);
  await assert.rejects(Foretide.open(module, { memoryLimit: "64" }), { name: "TypeError", message: /memoryLimit is 64/ });
});

/** What a module exports that was started without any host. */
async function instance(module) {
  const imports = {};
  for (const { module: from, name } of WebAssembly.Module.imports(module)) (imports[from] ??= {})[name] = () => 0;
  return (await WebAssembly.instantiate(module, imports)).exports;
}

test("an instance that is nearly full is dropped", async () => {
  const compiled = await WebAssembly.compile(module); // without a limit in it
  for (const foretide of [await Foretide.open(module, { memoryLimit: 32 << 20 }), new Foretide(compiled, { memoryLimit: 32 << 20 })]) {
    const model = foretide.load(file("arima.ckpt"));
    const { window, options: asked } = windowOf(file("frame.req"));
    const want = model.forecast(window, asked);
    const begin = foretide.memory;
    foretide.forecast(flat(2_700_000), options);
    assert.ok(foretide.memory <= begin, `${foretide.memory >> 20} MiB`);
    assert.deepEqual(model.forecast(window, asked), want);
  }
});

test("where memory ends for what others left in it, a call has another try", async () => {
  const foretide = await Foretide.open(module, { memoryLimit: 32 << 20 });
  const models = [];
  while (foretide.memory < 18 << 20) models.push(foretide.load(file("lstm.ckpt")));
  assert.ok(models.length > 1);
  assert.equal(foretide.forecast(flat(1_900_000), options).horizons.length, 1);
  for (const model of [models[0], models.at(-1)]) assert.equal(model.describe().family, "lstm");
});

test("a model that is garbage is unloaded before the next call", async () => {
  setFlagsFromString("--expose-gc");
  const gc = runInNewContext("gc");
  const foretide = await Foretide.open(module);
  const kept = foretide.load(file("naive.ckpt"));
  (() => foretide.load(file("lstm.ckpt")))();
  const freed = foretide.load(file("arima.ckpt"));
  const known = () => [1, 2, 3].map((handle) => foretide._call("describe", handle).returned === 0);
  assert.deepEqual(known(), [true, true, true]);
  freed.free();
  freed.free();
  assert.deepEqual(known(), [true, true, false]);
  for (let i = 0; i < 50 && known()[1]; i++) {
    gc();
    await new Promise((done) => setTimeout(done, 10));
    kept.describe();
  }
  assert.deepEqual(known(), [true, false, false]);
});
