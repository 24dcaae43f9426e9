// What is posted to the worker, and what it posts back.

import type { Bytes, Forecast, Options, Window } from "./index.js";

export interface WorkerRequest {
  /** Comes back with the answer. */
  id?: unknown;
  /** Needed with the first message, or to change it; without any the module forecasts by itself. */
  checkpoint?: Bytes | null;
  window: Window;
  /** Without a checkpoint options.metric is needed. */
  options?: Options | null;
}

export type WorkerAnswer =
  | { id: unknown; forecast: Forecast; error?: undefined }
  /** code is that of a ForetideError, or "bad_request". */
  | { id: unknown; error: { code: string; message: string }; forecast?: undefined };
