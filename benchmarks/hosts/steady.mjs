// What all scripts for Node.js and browsers share.

// A browser's clock ticks in tenths of a millisecond: a batch has a hundred ticks.
const batchMilliseconds = globalThis.process ? 3 : 10;

/**
 * Returns the least and the median time of a call in batches of some milliseconds, in
 * microseconds: a hundred batches, and so many seconds, unless that takes ten times as
 * long. Beside them the median of the processor's time. A call may be asynchronous.
 */
export async function steady(seconds, call) {
  const answer = call();
  const waits = answer instanceof Promise;
  await answer;
  const batch = async (n) => {
    const begin = performance.now();
    for (let i = 0; i < n; i++) {
      if (waits) await call();
      else call();
    }
    return performance.now() - begin;
  };
  // The first calls are slow, and a single one may be shorter than a tick.
  let n = 1;
  while ((await batch(n)) < batchMilliseconds) n *= 2;
  const times = [];
  const spent = [];
  const cpu = () => { // in Node.js, on all threads
    const { user, system } = globalThis.process?.cpuUsage() ?? { user: 0, system: 0 };
    return user + system;
  };
  const ended = (past) => past > 1e4 * seconds || (past > 1e3 * seconds && times.length >= 100);
  for (const begin = performance.now(); times.length === 0 || !ended(performance.now() - begin); ) {
    const before = cpu();
    times.push((1e3 * (await batch(n))) / n);
    spent.push((cpu() - before) / n);
  }
  const median = (list) => list.sort((a, b) => a - b)[list.length >> 1];
  return { median_us: median(times), steady_us: times[0], processor_us: median(spent) };
}

/** Measures a host of Foretide; say is told of the first forecast. */
export async function measure({ open, module, checkpoint, window, seconds, say }) {
  let begin = performance.now();
  const foretide = await open(await module());
  const compile_ms = performance.now() - begin;
  begin = performance.now();
  const model = foretide.load(await checkpoint());
  const w = await window();
  const one = () => model.forecast(w);
  const { horizons } = one();
  await say({ compile_ms, first_ms: performance.now() - begin, values: horizons.flatMap((h) => [...h.quantiles]) });
  return { ...(await steady(seconds, one)), instance_bytes: foretide.memory };
}

/** The window of a JSON's text, in typed arrays as a program would have it. */
export function windowOf(text) {
  const w = JSON.parse(text);
  for (const name of Object.keys(w.metrics)) w.metrics[name] = Float64Array.from(w.metrics[name]);
  return w;
}
