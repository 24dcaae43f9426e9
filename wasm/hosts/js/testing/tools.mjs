// Programs of npm packages that some tests need, in the folder FORETIDE_NPM.
import { existsSync } from "node:fs";
import { join } from "node:path";

/** Where a program of a package is, and why a test skips where it is not. */
export function tool(name) {
  const path = join(process.env.FORETIDE_NPM ?? "", "node_modules/.bin", name);
  const missing = !existsSync(path) && `set FORETIDE_NPM to a folder in which \`npm install ${name === "tsc" ? "typescript" : name}\` ran`;
  return { path, skip: process.env.FORETIDE_CI !== "1" && missing };
}
