// The package as npm has it: packed, installed in a fresh folder, and run.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { test } from "node:test";

const root = fileURLToPath(new URL("..", import.meta.url));

test("npm pack, npm install, and a forecast", () => {
  const folder = mkdtempSync(join(tmpdir(), "foretide-js-"));
  try {
    const [{ filename, files }] = JSON.parse(execFileSync("npm", ["pack", "--silent", "--json", "--pack-destination", folder], { cwd: root, encoding: "utf8" }));
    assert.ok(files.some((f) => f.path === "foretide.wasm") && files.some((f) => f.path === "src/index.d.ts"));
    writeFileSync(join(folder, "package.json"), '{"type":"module"}');
    execFileSync("npm", ["install", "--silent", "--offline", "--no-audit", join(folder, filename)], { cwd: folder });
    writeFileSync(join(folder, "run.js"), `
      import { Foretide } from "foretide";
      const foretide = await Foretide.open();
      const f = foretide.forecast({ start: 0, step: 60, metrics: { cpu: [1, 1, 1, 1] } }, { metric: "cpu", horizons: [300] });
      console.log(f.horizons[0].mean.toFixed(3));`);
    assert.equal(execFileSync(process.execPath, ["run.js"], { cwd: folder, encoding: "utf8" }), "1.000\n");
  } finally {
    rmSync(folder, { recursive: true });
  }
});
