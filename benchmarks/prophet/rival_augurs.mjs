// Fits augurs' Prophet to one series a line, JSON in and out.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';

const require = createRequire(process.cwd() + '/node_modules/');
const load = (name) => import(pathToFileURL(require.resolve(name)).href);
const { default: init, Prophet } = await load('@bsull/augurs/prophet');
const { optimizer } = await load('@bsull/augurs-prophet-wasmstan');
await init({ module_or_path: readFileSync(require.resolve('@bsull/augurs/prophet').replace(/prophet\.js$/, 'prophet_bg.wasm')) });

function answer(q) {
  const before = process.cpuUsage();
  const m = new Prophet({
    optimizer,
    yearlySeasonality: { type: 'manual', enabled: false },
    weeklySeasonality: { type: 'manual', enabled: true },
    dailySeasonality: { type: 'manual', enabled: true },
    uncertaintySamples: 0,
  });
  m.fit({ ds: q.ds, y: q.y });
  const used = process.cpuUsage(before);
  const f = m.predict({ ds: [q.ahead] });
  return { seconds: (used.user + used.system) / 1e6, yhat: f.yhat.point[0] };
}

const ds = Array.from({ length: 400 }, (_, i) => i * 3600);
answer({ ds, y: ds.map((_, i) => (i % 24) + 0.1 * (i % 7)), ahead: 400 * 3600 });
console.log('ready');
for await (const line of createInterface({ input: process.stdin })) {
  console.log(JSON.stringify(answer(JSON.parse(line))));
}
