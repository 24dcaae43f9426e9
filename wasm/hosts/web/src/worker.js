// The page's worker: it holds the data, the checkpoints and the module, and
// answers {id, do, with} with {id, answer} or {id, error}.

import { Foretide } from "../../js/src/index.js";
import { read } from "./csv.js";

const kept = 9 * 86400; // seconds of the past that a forecast is given: the models look back eight days
const atOnce = 8; // past forecasts in a call, so that a newer wish does not wait
const handed = 1 << 21; // values in a call, about, where windows are large

let foretide = null;
let data = new Map(); // containers by name
let checkpoints = []; // {name, model, about}
let wish = 0; // the newest request for past forecasts

const duties = {
  /** Compiles and starts the module; returns the milliseconds it took. */
  async open({ module }) {
    const begin = performance.now();
    foretide = await Foretide.open(module);
    return performance.now() - begin;
  },

  /** Reads a metrics file in the place of the one before. */
  async read({ name, bytes }) {
    const { rows, containers } = await read(name, bytes, foretide);
    data = new Map(containers.map((c) => [c.name, c]));
    return { name, rows, containers: containers.map(({ metrics, ...c }) => ({ ...c, metrics: Object.keys(metrics) })) };
  },

  /** Adds checkpoints; one of the same metric and container takes the other's place. */
  load({ name, bytes }) {
    const model = foretide.load(bytes);
    const about = model.describe();
    const same = (c) => c.about.metric === about.metric && c.about.container === about.container;
    checkpoints.filter(same).forEach((c) => c.model.free());
    checkpoints = [...checkpoints.filter((c) => !same(c)), { name, model, about }];
    return list();
  },

  unload() {
    checkpoints.forEach((c) => c.model.free());
    checkpoints = [];
    return list();
  },

  series({ container, metric }) {
    const { start, step, metrics } = data.get(container);
    return { start, step, values: metrics[metric] };
  },

  /** Forecasts from the end of the data; ms is the time that it took. */
  forecast({ container, metric }) {
    const c = data.get(container);
    const { ask, by, reads } = modelOf(c, metric);
    const window = windowAt(c, reads, c.cells - 1);
    const begin = performance.now();
    const forecast = ask([window])[0];
    const ms = performance.now() - begin;
    if (forecast instanceof Error) throw forecast;
    return { forecast, by, ms };
  },

  /**
   * Forecasts from up to 144 moments of the last day, each from what came
   * before it alone; null where another request has come meanwhile. ms is the
   * median time of one in the second half of the calls: the browser compiles
   * the module better while it runs.
   */
  async past({ container, metric }) {
    const mine = ++wish;
    const c = data.get(container);
    const { ask, reads } = modelOf(c, metric);
    const few = Math.min(atOnce, Math.max(1, Math.floor(handed / (reads.length * Math.min(c.cells, kept / c.step)))));
    const stride = Math.max(1, Math.ceil(600 / c.step));
    const origins = [];
    for (let i = c.cells - 1 - stride; i >= 10 && i >= c.cells - 86400 / c.step && origins.length < 144; i -= stride) origins.unshift(i);
    const out = [];
    const times = [];
    for (let i = 0; i < origins.length; i += few) {
      const begin = performance.now();
      const some = ask(origins.slice(i, i + few).map((at) => windowAt(c, reads, at)));
      times.push((performance.now() - begin) / some.length);
      out.push(...some);
      await new Promise((done) => setTimeout(done));
      if (mine !== wish) return null;
    }
    return { forecasts: out.filter((f) => !(f instanceof Error)), ms: median(times.slice(times.length >> 1)), stride: stride * c.step };
  },
};

const median = (times) => times.sort((a, b) => a - b)[times.length >> 1];

const list = () => checkpoints.map(({ name, about }) => ({ name, metric: about.metric, container: about.container, family: about.family }));

/**
 * The container's own checkpoint, else the metric's shared one, else the network
 * in the box; and the metrics that it may read: the network in the box its own alone.
 */
function modelOf({ name: container, metrics }, metric) {
  const of = (name) => checkpoints.find((c) => c.about.metric === metric && c.about.container === name);
  const found = of(container) ?? of("");
  if (found) return { ask: (windows) => found.model.forecastMany(windows), by: found.name, reads: Object.keys(metrics) };
  return { ask: (windows) => foretide.forecastMany(windows, { metric }), by: "", reads: [metric] };
}

/** What was known when cell i had ended. */
function windowAt(c, reads, i) {
  const from = Math.max(0, i + 1 - Math.ceil(kept / c.step));
  const metrics = Object.fromEntries(reads.map((name) => [name, c.metrics[name].subarray(from, i + 1)]));
  return { container: c.name, start: c.start + from * c.step, step: c.step, metrics };
}

addEventListener("message", async ({ data: { id, do: duty, with: args } }) => {
  try {
    postMessage({ id, answer: await duties[duty](args ?? {}) });
  } catch (e) {
    postMessage({ id, error: { code: e.code ?? "internal", message: e.message } });
  }
});
