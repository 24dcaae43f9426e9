// A worker that forecasts, so that a page or a server stays responsive. In
// browsers whose import map has "foretide/", in Deno and in Node.js, where Worker
// is that of node:worker_threads:
//
//   const worker = new Worker(new URL(import.meta.resolve("foretide/worker.js")), { type: "module" });
//   worker.postMessage({ id: 1, checkpoint, window, options });
//   worker.onmessage = ({ data }) => data.error ?? data.forecast; // in Node.js worker.on("message", (data) => …)
//
// A bundler wants new URL("foretide/worker.js", import.meta.url), which without
// one is a file beside the program. A checkpoint (bytes) is needed with the first
// message only, or to change it; without any the module forecasts by itself.

import { Foretide } from "./index.js";

const opened = Foretide.open();
opened.catch(() => {}); // each answer says why
let model = null;

async function answer({ id, checkpoint, window, options }) {
  try {
    const foretide = await opened;
    if (checkpoint) {
      model?.free();
      model = null;
      model = foretide.load(checkpoint);
    }
    return { id, forecast: (model ?? foretide).forecast(window, options) };
  } catch (e) {
    return { id, error: { code: e.code ?? "bad_request", message: e.message } };
  }
}

if (typeof addEventListener === "function") {
  addEventListener("message", async ({ data }) => postMessage(await answer(data)));
} else {
  import(/* @vite-ignore */ /* webpackIgnore: true */ "node:worker_threads").then(({ parentPort }) => {
    parentPort.on("message", async (data) => parentPort.postMessage(await answer(data)));
  });
}
