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

/**
 * Foretide is the module and an instance of it. A call is synchronous: a worker
 * keeps it off a page's own thread.
 */
export class Foretide {
  #module;
  #exports = null; // of the instance; null where there is none that works
  #said = "";
  #instances = 0; // that there were

  /**
   * Opens the module: the one that lies beside this package, or the one at a
   * URL or path, in a Response, in bytes, or compiled already. What is none is
   * a ForetideError "bad_module".
   */
  static async open(source = new URL("../foretide.wasm", import.meta.url)) {
    return new Foretide(await compile(source));
  }

  /** module is a WebAssembly.Module; it can be posted to workers. */
  constructor(module) {
    this.#module = module;
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
    return this.#exports;
  }

  /** Which instance is at work; another one after a trap. @internal */
  get _instance() {
    if (this.#exports === null) this.#start();
    return this.#instances;
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
    return bytes.forecasts(this._ask("forecast", 0, bytes.request(windows, options)).result, failure);
  }
}

/** Returns the only forecast, or throws what stands for it. */
function one([forecast]) {
  if (forecast instanceof ForetideError) throw forecast;
  return forecast;
}

/** A Model is a checkpoint that is loaded. */
export class Model {
  #host;
  #checkpoint;
  #instance = 0; // in which it is loaded
  #handle = 0;
  #state = new Uint8Array(0); // of its calibration

  constructor(host, checkpoint) {
    this.#host = host;
    this.#checkpoint = checkpoint;
    this.#loaded();
  }

  /** Returns the handle, in an instance that may be new. */
  #loaded() {
    if (this.#checkpoint === null) throw new ForetideError("bad_handle", "foretide: the model was freed");
    if (this.#instance !== this.#host._instance) {
      this.#handle = this.#host._ask("load", undefined, this.#checkpoint).returned;
      this.#instance = this.#host._instance;
      try {
        if (this.#state.length > 0) this.#host._ask("restore", this.#handle, this.#state);
      } catch (e) {
        this.#unload(); // or else the next call had the model without its state
        throw e;
      }
    }
    return this.#handle;
  }

  #unload() {
    if (this.#instance === this.#host._instance) this.#host._ask("unload", this.#handle);
    this.#instance = 0;
  }

  /** Says what the checkpoint is and what it needs. */
  describe() {
    return bytes.description(this.#host._ask("describe", this.#loaded()).result);
  }

  /** Forecasts from a window. */
  forecast(window, options) {
    return one(this.forecastMany([window], options));
  }

  /** Forecasts from many windows; one that fails has an error in its place. */
  forecastMany(windows, options) {
    return bytes.forecasts(this.#host._ask("forecast", this.#loaded(), bytes.request(windows, options)).result, failure);
  }

  /**
   * Has the calibration learn from values that came true after a window from
   * which there was a forecast; returns how many were used.
   */
  update(window, actuals) {
    const { returned, result } = this.#host._ask("update", this.#loaded(), bytes.update(window, actuals));
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
    const before = this.#state;
    this.#state = bytes.copy(state, "state");
    try {
      // Loaded anew: to restore no bytes would change nothing.
      this.#unload();
      this.#loaded();
    } catch (e) {
      this.#state = before;
      throw e;
    }
  }

  /** Frees the model's memory in the module. */
  free() {
    this.#unload();
    this.#checkpoint = null;
  }
}
