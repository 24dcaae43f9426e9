// Every part of the package's types, as a program uses them; it runs, too.
import { Foretide, ForetideError, type Description, type Forecast, type Model, type Options, type Window } from "foretide";
import type { WorkerAnswer, WorkerRequest } from "foretide/worker.js";

const foretide: Foretide = await Foretide.open();
const window: Window = { start: 0, step: 60, container: "webapp", metrics: { cpu: new Float64Array(60).fill(2), memory: Array(60).fill(3) } };
const long: Window = { ...window, long: { start: 0, step: 300, metrics: { cpu: [1, 2], memory: new Float32Array(2) } } };
const options: Options & { metric: string } = { metric: "cpu", horizons: [300, 900] };

const forecast: Forecast = foretide.forecast(window, options);
for (const { ahead, time, mean, quantiles, reasons, model, detail } of forecast.horizons) {
  const line: [number, number, number, string] = [ahead, time - forecast.origin, mean, `${model} ${detail} ${reasons.join()}`];
  if (quantiles.length !== forecast.levels.length) throw new Error(line.join());
}

export function learn(model: Model): Uint8Array {
  const about: Description = model.describe();
  if (about.updatable) model.update(window, [{ ahead: about.horizons[0] ?? 300, value: 1 }]);
  model.state = model.state;
  for (const answer of model.forecastMany([window, long])) {
    if (answer instanceof ForetideError) console.log(answer.code);
    else console.log(answer.horizons.length);
  }
  model.free();
  return model.state;
}

export const request: WorkerRequest = { id: 1, checkpoint: new Uint8Array(3), window, options };
export const told = (answer: WorkerAnswer): string => (answer.error ? answer.error.code : String(answer.forecast.origin));

// What the types must not allow. @ts-expect-error is an error where there is none.
// @ts-expect-error: without a checkpoint the metric is needed
export const nameless = () => foretide.forecast(window);
// @ts-expect-error: a window has metrics
export const empty: Window = { start: 0, step: 60 };
// @ts-expect-error: text is no checkpoint
export const text = () => foretide.load("checkpoint");

try {
  learn(foretide.load(new Uint8Array([1, 2, 3])));
} catch (e) {
  if (!(e instanceof ForetideError)) throw e;
  console.log(forecast.horizons[0]?.mean.toFixed(1), e.code);
}
