// The page: files in, choices, and what the worker answers.

import { html } from "../../../../internal/report/chart.js";
import { duration } from "./text.js";
import * as views from "./views.js";

const one = (id) => document.getElementById(id);
const bytesAt = async (url) => {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`${url}: the server answers ${answer.status}`);
  return answer.arrayBuffer();
};
// In the one file that build.mjs makes, the module, the demo and the worker are part of it.
const parts = globalThis.foretideParts ?? {
  module: () => bytesAt(new URL("../../../foretide.wasm", import.meta.url)),
  demo: () => bytesAt(new URL("../../../../cmd/foretide/demo/pool.csv.gz", import.meta.url)),
  worker: () => new Worker(new URL("./worker.js", import.meta.url), { type: "module" }),
};

const worker = parts.worker();
const waiting = new Map();
let asked = 0;
worker.onmessage = ({ data: { id, answer, error } }) => {
  const { done, failed } = waiting.get(id);
  waiting.delete(id);
  if (error) failed(Object.assign(new Error(error.message), { code: error.code }));
  else done(answer);
};
worker.onerror = (e) => complain(new Error(`the worker broke off: ${e.message || "its script was not loaded"}`));

/** Has the worker do something. */
function ask(duty, args, transfer = []) {
  return new Promise((done, failed) => {
    waiting.set(++asked, { done, failed });
    worker.postMessage({ id: asked, do: duty, with: args }, transfer);
  });
}

const spans = [[3 * 3600, "3 h"], [86400, "24 h"], [8 * 86400, "8 days"]];
const state = { opened: 0, containers: [], span: spans[0][0], ahead: 900, shown: null, turn: 0 };

function complain(e) {
  one("error").textContent = e.message.replace(/^foretide: /, "");
  one("error").hidden = false;
}

/** Does something with the page marked as busy; says what went wrong. */
async function busy(text, work) {
  one("error").hidden = true;
  one("status").textContent = text;
  document.body.setAttribute("aria-busy", "true");
  try {
    await work();
  } catch (e) {
    complain(e);
  }
  document.body.removeAttribute("aria-busy");
  one("status").textContent = state.said ?? "Ready: open a file.";
}

const ready = (async () => {
  const module = await parts.module();
  state.opened = await ask("open", { module }, [module]);
})();
busy("Starting the module …", () => ready);

/** Takes files: checkpoints first, then the metrics. */
async function take(files) {
  const named = (end) => files.filter((f) => f.name.toLowerCase().endsWith(end));
  const checkpoints = named(".ckpt"), metrics = files.filter((f) => !checkpoints.includes(f));
  await busy(`Reading ${files.map((f) => f.name).join(", ")} …`, async () => {
    await ready;
    let failure = null;
    for (const f of checkpoints) {
      try {
        list(await ask("load", { name: f.name, bytes: new Uint8Array(await f.arrayBuffer()) }));
      } catch (e) {
        failure ??= new Error(`${f.name}: ${e.message.replace(/^foretide: /, "")}`);
      }
    }
    if (metrics.length > 1) failure ??= new Error(`${metrics.length} metrics files: open one at a time; ${metrics[0].name} is shown`);
    if (metrics.length > 0) await read(metrics[0].name, await metrics[0].arrayBuffer());
    else if (state.containers.length > 0) await show();
    if (failure) throw failure;
  });
}

async function read(name, bytes) {
  const { rows, containers } = await ask("read", { name, bytes }, [bytes]);
  state.containers = containers;
  state.said = `${name}: ${rows.toLocaleString("en")} rows, ${containers.length} container${containers.length > 1 ? "s" : ""}`;
  options(one("container"), containers.map((c) => c.name));
  metrics();
  await show();
}

function options(select, names) {
  const before = select.value;
  select.replaceChildren(...names.map((n) => new Option(n, n)));
  if (names.includes(before)) select.value = before;
}

const chosen = () => state.containers.find((c) => c.name === one("container").value);
const metrics = () => options(one("metric"), chosen().metrics);

/** Shows the checkpoints that are loaded. */
function list(all) {
  one("checkpoints").hidden = all.length === 0;
  one("checkpoints").querySelector("span").textContent =
    `Checkpoints: ${all.map((c) => `${c.name} (${c.family}, ${c.metric} of ${c.container || "every container"})`).join("; ")}.`;
}

/** Forecasts what is chosen and shows it. */
async function show() {
  const turn = ++state.turn;
  const container = one("container").value, metric = one("metric").value;
  const [series, answer] = await Promise.all([ask("series", { container, metric }), ask("forecast", { container, metric })]);
  if (turn !== state.turn) return;
  state.shown = { name: `${metric} of ${container}`, series, ...answer, past: null };
  one("results").hidden = one("skip").hidden = false;
  views.tiles(one("tiles"), state.shown, state.opened);
  views.notes(one("notes"), state.shown);
  views.numbers(one("numbers").querySelector(".scroll"), state.shown);
  const ahead = answer.forecast.horizons.map((h) => h.ahead);
  if (!ahead.includes(state.ahead)) state.ahead = ahead[0];
  pick(one("span"), spans, "span", drawHistory);
  pick(one("ahead"), ahead.map((a) => [a, duration(a)]), "ahead", drawPast);
  drawHistory();
  one("score").textContent = "Forecasting the last day …";
  const past = await ask("past", { container, metric });
  if (turn !== state.turn || past === null) return;
  state.shown.past = past;
  views.tiles(one("tiles"), state.shown, state.opened);
  drawPast();
}

const drawHistory = () => views.history(one("history"), one("history-title"), { ...state.shown, span: state.span });
const drawPast = () => state.shown.past && views.past(one("past"), one("past-title"), one("score"), { ...state.shown, ...state.shown.past, ahead: state.ahead });

/** Buttons of which one is pressed. */
function pick(el, choices, field, then) {
  el.replaceChildren();
  for (const [v, text] of choices) {
    const b = html("button", "", el, text);
    b.type = "button";
    b.setAttribute("aria-pressed", String(v === state[field]));
    b.onclick = () => {
      state[field] = v;
      for (const other of el.children) other.setAttribute("aria-pressed", String(other === b));
      then();
    };
  }
}

one("choice").onsubmit = (e) => e.preventDefault();
one("container").onchange = () => busy("Forecasting …", () => (metrics(), show()));
one("metric").onchange = () => busy("Forecasting …", show);
one("open").onclick = () => one("file").click();
one("file").onchange = async () => {
  await take([...one("file").files]);
  one("file").value = ""; // so that the same file can be opened again
};
one("demo").onclick = () => busy("Reading the demo’s data …", async () => {
  await ready;
  await read("the demo’s three weeks", await parts.demo());
});
one("checkpoints").querySelector("button").onclick = () => busy("Forecasting …", async () => {
  list(await ask("unload"));
  if (state.containers.length > 0) await show();
});

// Files dropped anywhere on the page.
let over = 0;
const dragged = (e) => e.dataTransfer?.types.includes("Files");
addEventListener("dragenter", (e) => { if (dragged(e)) { over++; one("over").hidden = false; } });
addEventListener("dragleave", (e) => { if (dragged(e) && --over <= 0) { over = 0; one("over").hidden = true; } });
addEventListener("dragover", (e) => { if (dragged(e)) e.preventDefault(); });
addEventListener("drop", (e) => {
  if (!dragged(e)) return;
  e.preventDefault();
  over = 0;
  one("over").hidden = true;
  const files = [...e.dataTransfer.files];
  if (files.length > 0) take(files);
});
