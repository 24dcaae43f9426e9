// Times the guest for wasmspeed. Each line of the input is a number of
// forecasts, and is answered with their milliseconds; 0 with the last outputs.
import { readFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import { WASI } from "node:wasi";

const [path, ...numbers] = process.argv.slice(2);
const wasi = new WASI({ version: "preview1" });
const { instance } = await WebAssembly.instantiate(await readFile(path), wasi.getImportObject());
wasi.initialize(instance);
const { setup, forward, output, size, memory } = instance.exports;
setup(...numbers.map(Number));

for await (const line of createInterface({ input: process.stdin })) {
  const answer = [];
  for (let i = Number(line); i > 0; i--) {
    const start = performance.now();
    forward();
    answer.push(performance.now() - start);
  }
  if (answer.length === 0) answer.push(...new Float32Array(memory.buffer, output(), size()));
  console.log(JSON.stringify(answer));
}
