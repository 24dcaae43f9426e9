// Foretide in JavaScript: a host of the module for Node.js, browsers, Deno and
// workers. ../../../ABI.md says what it speaks.

import * as bytes from "./bytes.js";
import { ForetideError } from "./error.js";
import { compile, start } from "./module.js";
import { Exit } from "./system.js";

export { ForetideError } from "./error.js";

const codes = {
  [-1]: "bad_pointer", [-2]: "bad_handle", [-3]: "bad_request", [-4]: "too_large", [-5]: "not_checkpoint",
  [-6]: "damaged", [-7]: "bad_version", [-8]: "bad_model", [-9]: "no_metric", [-10]: "bad_step",
  [-11]: "no_data", [-12]: "bad_horizon", [-13]: "not_updatable", [-14]: "internal",
};

const failure = (status, message) => new ForetideError(codes[status] ?? `status_${status}`, message);

/** A limit of memory within what an instance needs and can have. */
function limitOf(options) {
  const memoryLimit = options?.memoryLimit ?? 256 << 20;
  if (typeof memoryLimit !== "number" || Number.isNaN(memoryLimit)) throw new TypeError(`foretide: memoryLimit is ${memoryLimit}, not a number of bytes`);
  return Math.min(Math.max(memoryLimit, 2 ** 24), 2 ** 32);
}

/**
 * Foretide is the module and an instance of it. A call is synchronous: a worker
 * keeps it off a page's own thread.
 */
export class Foretide {
  #module;
  #exports = null; // of the instance; null where there is none that works
  #said = "";
  #instances = 0; // that there were
  #used = false; // whether there was a call of the instance
  #limit; // of its memory
  #gone = []; // places of models that are no more, to be unloaded
  #models = registry(this.#gone);

  /**
   * Opens the module: the one that lies beside this package, or the one at a
   * URL or path, in a Response, in bytes, or compiled already. What is none is
   * a ForetideError "bad_module". options.memoryLimit is how many bytes of memory
   * an instance may have, from 16 MiB to 4 GiB; the default is 256 MiB. A module
   * that is compiled already has a limit of its own: this one says when an
   * instance is nearly full.
   */
  static async open(source = new URL("../foretide.wasm", import.meta.url), options) {
    return new Foretide(await compile(source, limitOf(options)), options);
  }

  /** module is a WebAssembly.Module; it can be posted to workers. */
  constructor(module, options) {
    this.#module = module;
    this.#limit = limitOf(options);
    this.#start();
  }

  get module() {
    return this.#module;
  }

  /** Bytes of memory that the instance has. */
  get memory() {
    return (this.#exports ?? this.#start()).memory.buffer.byteLength;
  }

  #start() {
    this.#exports = start(this.#module, (text) => (this.#said = (this.#said + text).slice(-2000)));
    this.#instances++;
    this.#used = false;
    return this.#exports;
  }

  /**
   * Has work call the module, and returns what it returns. Where the module
   * breaks off, and the instance was used before, work has another try with a
   * fresh one: memory may have run out for what others left in it. @internal
   */
  _run(work) {
    for (;;) {
      this.#unloadGone();
      if (this.#exports === null) this.#start();
      const used = this.#used;
      this.#used = true;
      try {
        return work();
      } catch (e) {
        if (!used || e?.code !== "trap") throw e;
      } finally {
        // One that is nearly full would break off soon, and memory never shrinks.
        if (this.#exports?.memory.buffer.byteLength > (this.#limit / 4) * 3) this.#exports = null;
      }
    }
  }

  /** Returns the handle of a checkpoint in the instance, where it is loaded now if it was not. @internal */
  _place(place, checkpoint, state) {
    if (place.instance !== this.#instances) {
      const handle = this._ask("load", undefined, checkpoint).returned;
      try {
        if (state.length > 0) this._ask("restore", handle, state);
      } catch (e) {
        if (this.#exports !== null) this._ask("unload", handle); // it is not what it should be
        throw e;
      }
      place.handle = handle;
      place.instance = this.#instances;
    }
    return place.handle;
  }

  /** Unloads what is loaded at a place. @internal */
  _leave(place) {
    const there = this.#exports !== null && place.instance === this.#instances;
    place.instance = 0;
    if (there) this._ask("unload", place.handle);
  }

  /** Notes the place of a model, which is left when the model is garbage. @internal */
  _keep(model, place) {
    this.#models.register(model, place, place);
  }

  /** Leaves the place of a model that was freed. @internal */
  _drop(place) {
    this.#models.unregister(place);
    this.#gone.push(place);
    this.#unloadGone();
  }

  #unloadGone() {
    try {
      for (const place of this.#gone.splice(0)) this._leave(place);
    } catch (e) {
      if (e?.code !== "trap") throw e; // with the instance all that was loaded is gone
    }
  }

  /**
   * Calls a function of the module with a handle and bytes, where there are any,
   * and returns what it returns and its result. @internal
   */
  _call(name, handle, input) {
    const x = this.#exports ?? this.#start();
    this.#said = "";
    try {
      const values = handle === undefined ? [] : [handle];
      let address = 0;
      if (input !== undefined) {
        address = x.foretide_alloc(Math.max(1, input.length)) >>> 0;
        if (address === 0) throw new ForetideError("too_large", `foretide: ${input.length} bytes are more than the module takes`);
        new Uint8Array(x.memory.buffer).set(input, address);
        values.push(address, input.length);
      }
      const returned = x[`foretide_${name}`](...values);
      const at = x.foretide_result() >>> 0;
      const result = new Uint8Array(x.memory.buffer.slice(at, at + (x.foretide_result_size() >>> 0)));
      if (address !== 0) x.foretide_free(address);
      return { returned, result };
    } catch (e) {
      if (e instanceof ForetideError) throw e;
      this.#exports = null; // it might still answer, and wrongly
      if (e instanceof WebAssembly.RuntimeError || e instanceof Exit || e instanceof RangeError) {
        throw new ForetideError("trap", `foretide: the module broke off: ${e.message} ${this.#said}`.trim());
      }
      throw e;
    }
  }

  /** _call, where a negative number is an error. @internal */
  _ask(name, handle, input) {
    const answer = this._call(name, handle, input);
    if (answer.returned < 0) throw failure(answer.returned, new TextDecoder().decode(answer.result));
    return answer;
  }

  /** Returns the model of a checkpoint's bytes, which it keeps. */
  load(checkpoint) {
    return new Model(this, bytes.copy(checkpoint, "checkpoint"));
  }

  /** Forecasts without a checkpoint; options.metric is needed. */
  forecast(window, options) {
    return one(this.forecastMany([window], options));
  }

  forecastMany(windows, options) {
    const request = bytes.request(windows, options);
    return bytes.forecasts(this._run(() => this._ask("forecast", 0, request)).result, failure);
  }

  /**
   * Puts samples at any times on a grid, as `foretide predict` does: { window,
   * report }, the window to forecast from and what was found in each metric.
   */
  clean(samples, options) {
    const request = bytes.samples(samples, options);
    return bytes.cleaned(this._run(() => this._ask("clean", undefined, request)).result, Object.keys(samples.metrics));
  }

  /**
   * Names the checkpoint of a metric and container in a folder or bucket that
   * `foretide train` writes; without a container, the one for every container.
   */
  checkpointName(metric, container) {
    const request = bytes.names(metric, container);
    return new TextDecoder().decode(this._run(() => this._ask("checkpoint_name", undefined, request)).result);
  }
}

/** Notes in a list the places of models that nobody refers to any more. */
const registry = (gone) => new FinalizationRegistry((place) => gone.push(place));

/** Returns the only forecast, or throws what stands for it. */
function one([forecast]) {
  if (forecast instanceof ForetideError) throw forecast;
  return forecast;
}

/** A Model is a checkpoint that is loaded. */
export class Model {
  #host;
  #checkpoint;
  #place = { instance: 0, handle: 0 }; // where it is loaded
  #state = new Uint8Array(0); // of its calibration

  constructor(host, checkpoint) {
    this.#host = host;
    this.#checkpoint = checkpoint;
    host._run(() => this.#loaded());
    host._keep(this, this.#place);
  }

  /** Returns the handle, in an instance that may be new. */
  #loaded() {
    return this.#host._place(this.#place, this.#checkpoint, this.#state);
  }

  /** Calls a function of the module for this model. */
  #ask(name, input) {
    if (this.#checkpoint === null) throw new ForetideError("bad_handle", "foretide: the model was freed");
    return this.#host._run(() => this.#host._ask(name, this.#loaded(), input));
  }

  /** Says what the checkpoint is and what it needs. */
  describe() {
    return bytes.description(this.#ask("describe").result);
  }

  /** Forecasts from a window. */
  forecast(window, options) {
    return one(this.forecastMany([window], options));
  }

  /** Forecasts from many windows; one that fails has an error in its place. */
  forecastMany(windows, options) {
    return bytes.forecasts(this.#ask("forecast", bytes.request(windows, options)).result, failure);
  }

  /**
   * Has the calibration learn from values that came true after a window from
   * which there was a forecast; returns how many were used.
   */
  update(window, actuals) {
    const { returned, result } = this.#ask("update", bytes.update(window, actuals));
    this.#state = result;
    return returned;
  }

  /** The state of the calibration, to keep and to set again. */
  get state() {
    return this.#state.slice();
  }

  /**
   * An empty state is that of the checkpoint, as if nothing had been learnt; where
   * the module refuses one, the one that there was stays.
   */
  set state(state) {
    const next = bytes.copy(state, "state"), before = this.#state;
    if (this.#checkpoint === null) throw new ForetideError("bad_handle", "foretide: the model was freed");
    try {
      this.#state = next;
      this.#host._run(() => {
        this.#host._leave(this.#place); // to restore no bytes would change nothing
        this.#loaded();
      });
    } catch (e) {
      this.#state = before;
      throw e;
    }
  }

  /** Frees the model's memory in the module. */
  free() {
    if (this.#checkpoint !== null) this.#host._drop(this.#place);
    this.#checkpoint = null;
  }
}
