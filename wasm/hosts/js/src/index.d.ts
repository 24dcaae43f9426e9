/** A failure of the module. */
export class ForetideError extends Error {
  /** Its name in ABI.md, such as "not_checkpoint"; "trap" where the module broke off; "bad_module". */
  readonly code: string;
  constructor(code: string, message: string, options?: { cause?: unknown });
}

/** Values of each metric on one grid; NaN, null or undefined where one is missing. */
export interface Part {
  /** Unix seconds at which the first cell begins: a multiple of step. */
  start: number;
  /** Seconds of a cell. */
  step: number;
  /** One array for each metric, all of the same length. */
  metrics: Record<string, ArrayLike<number | null | undefined>>;
}

/** Bytes: a buffer, or any view of one. */
export type Bytes = ArrayBuffer | SharedArrayBuffer | ArrayBufferView;

/**
 * The recent past of a container. Without long it is simply all that there is,
 * at any step that divides the model's, best of eight days.
 */
export interface Window extends Part {
  container?: string | null;
  /** The same metrics at a coarser step. */
  long?: Part;
}

export interface Options {
  /** Seconds ahead, ascending; all of the model's by default. */
  horizons?: readonly number[] | null;
  /** The metric to forecast; needed where there is no checkpoint. */
  metric?: string | null;
}

export interface Horizon {
  /** Seconds after the origin. */
  ahead: number;
  /** Unix seconds: origin + ahead. */
  time: number;
  mean: number;
  /** At the forecast's levels, never decreasing. */
  quantiles: Float64Array;
  reasons: string[];
  /** The family of the model that made it. */
  model: string;
  detail: string;
}

export interface Forecast {
  /** Unix seconds at which the last cell of the window begins. */
  origin: number;
  levels: Float64Array;
  /** Of all horizons. */
  reasons: string[];
  horizons: Horizon[];
}

export interface Description {
  step: number;
  recentCells: number;
  longCells: number;
  longStep: number;
  lower: number;
  upper: number;
  from: number;
  to: number;
  observations: number;
  horizons: number[];
  levels: Float64Array;
  kind: string;
  metric: string;
  container: string;
  family: string;
  version: string;
  ended: string;
  chosen: string;
  containers: string[];
  updatable: boolean;
}

/** A value that came true. */
export interface Actual {
  /** Seconds after the window's origin. */
  ahead: number;
  /** NaN, null or undefined where it is not known. */
  value: number | null | undefined;
}

/** Raw samples of a container: rows of a table, at any times and in any order. */
export interface Samples {
  container?: string | null;
  /** Unix seconds; fractions are dropped. */
  times: ArrayLike<number>;
  /** A value for each time; NaN, null or undefined where one is missing. */
  metrics: Record<string, ArrayLike<number | null | undefined>>;
  /** The metrics that are running totals, of which the rate per second is wanted. */
  counters?: readonly string[] | null;
}

export interface CleanOptions {
  /** Seconds of a cell; inferred by default. */
  step?: number | null;
  /** Seconds of the past to keep; all by default. Models look back eight days. */
  keep?: number | null;
}

/** How many samples of a metric were used, and what was found in the others. */
export interface Report {
  used: number;
  missing: number;
  /** Infinite, beyond 1e150 or, of a counter, negative. */
  refused: number;
  /** Older than what is kept. */
  old: number;
  /** At the time of the sample before. */
  repeated: number;
  /** Earlier than the sample before. */
  unordered: number;
  /** Resets of a counter. */
  resets: number;
}

/** A string is a URL, relative to the page or worker, or in Node.js a path. */
export type Source = string | URL | Response | Bytes | WebAssembly.Module;

export interface HostOptions {
  /**
   * How many bytes of memory an instance may have, from 16 MiB to 4 GiB; 256 MiB
   * by default. A WebAssembly.Module has the limit that it was compiled with: of
   * it this one says when an instance is so full that it is dropped.
   */
  memoryLimit?: number;
}

export class Foretide {
  /** Opens the module; by default the one in this package. Throws ForetideError "bad_module" where it is none. */
  static open(source?: Source | Promise<Source>, options?: HostOptions): Promise<Foretide>;
  constructor(module: WebAssembly.Module, options?: HostOptions);
  /** The compiled module, which can be posted to workers. */
  readonly module: WebAssembly.Module;
  /** Bytes of memory that the instance has. */
  readonly memory: number;
  /** Returns the model of a checkpoint's bytes. Throws ForetideError. */
  load(checkpoint: Bytes): Model;
  /** Forecasts without a checkpoint. */
  forecast(window: Window, options: Options & { metric: string }): Forecast;
  forecastMany(windows: readonly Window[], options: Options & { metric: string }): (Forecast | ForetideError)[];
  /** Puts samples on a grid, as `foretide predict` does. Metrics without a value are left out. */
  clean(samples: Samples, options?: CleanOptions): { window: Window; report: Record<string, Report> };
  /** Names a checkpoint in a folder that `foretide train` writes: "cpu/web-1.ckpt", "cpu/_shared.ckpt" without a container. */
  checkpointName(metric: string, container?: string | null): string;
}

/** A checkpoint that is loaded. All methods throw ForetideError. */
export class Model {
  private constructor();
  describe(): Description;
  forecast(window: Window, options?: Options): Forecast;
  /** A window that fails has an error in its place. */
  forecastMany(windows: readonly Window[], options?: Options): (Forecast | ForetideError)[];
  /** Has the calibration learn; returns how many values were used. */
  update(window: Window, actuals: readonly Actual[]): number;
  /** The state of the calibration, to keep and to set again. */
  get state(): Uint8Array;
  /** An empty one is that of the checkpoint, as if nothing had been learnt. */
  set state(state: Bytes);
  free(): void;
}
