// The calls of testdata/vectors.json, in order, on one instance.
import assert from "node:assert/strict";
import { test } from "node:test";

import { Foretide } from "../src/index.js";
import { file, module, vectors } from "../testing/data.mjs";

test("vectors", async (t) => {
  const foretide = await Foretide.open(module);
  assert.ok(vectors.length > 40);
  for (const v of vectors) {
    await t.test(v.says, () => {
      const handle = ["load", "clean", "checkpoint_name"].includes(v.call) ? undefined : v.handle ?? 0;
      const { returned, result } = foretide._call(v.call, handle, v.in ? file(v.in) : undefined);
      assert.equal(returned, v.returns);
      if (v.out) assert.deepEqual(result, file(v.out));
      else assert.equal(new TextDecoder().decode(result), v.message ?? "");
    });
  }
});
