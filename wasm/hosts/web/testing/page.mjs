// The page in real headless Chromium, from a static server of the repository or
// from a disk.
import { createReadStream, existsSync, statSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { extname, join, normalize } from "node:path";
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../../../../", import.meta.url));

const types = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".wasm": "application/wasm" };

/** Serves the repository's files; returns the page's address. */
export async function serve() {
  const server = createServer((q, s) => {
    const path = join(root, normalize(new URL(q.url, "http://x").pathname));
    const file = path.endsWith("/") ? `${path}index.html` : path;
    if (!existsSync(file) || !statSync(file).isFile()) return s.writeHead(404).end();
    s.writeHead(200, { "content-type": types[extname(file)] ?? "application/octet-stream" });
    createReadStream(file).pipe(s);
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  return { url: `http://127.0.0.1:${server.address().port}/wasm/hosts/web/`, close: () => (server.closeAllConnections(), server.close()) };
}

/** playwright-core, from this folder, or the one that FORETIDE_NPM names; null where it or Chromium is not installed. */
export function chromium() {
  if (spawnSync("chromium", ["--version"]).status !== 0) return null;
  try {
    const from = process.env.FORETIDE_NPM ? `${process.env.FORETIDE_NPM}/` : import.meta.url;
    return createRequire(from)("playwright-core").chromium;
  } catch (e) {
    if (e.code !== "MODULE_NOT_FOUND") throw e;
    return null;
  }
}

const path = spawnSync("sh", ["-c", "command -v chromium"], { encoding: "utf8" }).stdout.trim();
export const launch = (type) => type.launch({ executablePath: path, args: ["--no-sandbox"] });
