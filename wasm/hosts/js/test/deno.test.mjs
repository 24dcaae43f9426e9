// The tests of the host and the vectors, run by Deno.
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { test } from "node:test";

import { tool } from "../testing/tools.mjs";

const deno = tool("deno");
const root = fileURLToPath(new URL("../..", import.meta.url)); // of the hosts

test("the host and the vectors in Deno", { skip: deno.skip }, () => {
  const repository = fileURLToPath(new URL("../../../..", import.meta.url));
  execFileSync(deno.path, ["test", "--no-prompt", "--cached-only", "--no-check", `--allow-read=${repository}`, "js/test/host.test.mjs", "js/test/vectors.test.mjs"], { cwd: root, encoding: "utf8" });
});
