// A worker that forecasts, so that a page stays responsive:
//
//   const worker = new Worker(new URL("foretide/worker.js", import.meta.url), { type: "module" });
//   worker.postMessage({ id: 1, checkpoint, window, options });
//   worker.onmessage = ({ data }) => data.error ?? data.forecast;
//
// A checkpoint (bytes) is needed with the first message only, or to change it;
// without any the module forecasts by itself.

import { Foretide } from "./index.js";

const opened = Foretide.open();
let model = null;

addEventListener("message", async ({ data }) => {
  const { id, checkpoint, window, options } = data;
  try {
    const foretide = await opened;
    if (checkpoint) {
      model?.free();
      model = null;
      model = foretide.load(checkpoint);
    }
    postMessage({ id, forecast: (model ?? foretide).forecast(window, options) });
  } catch (e) {
    postMessage({ id, error: { code: e.code ?? "bad_request", message: e.message } });
  }
});
