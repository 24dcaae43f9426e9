// Makes of the page one file that needs nothing else: node build.mjs [FILE].
// It opens from a disk as well as from a server, where modules, workers and
// fetch would each need a server.
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const here = dirname(fileURLToPath(import.meta.url));
const text = (name) => readFileSync(resolve(here, name), "utf8");

/** One classic script of a module and what it imports: each becomes a function that returns its exports. */
export function bundle(entry) {
  const done = new Map();
  const add = (path) => {
    if (done.has(path)) return;
    done.set(path, "");
    const names = [];
    const code = readFileSync(path, "utf8")
      .replace(/^import (?:\* as (\w+)|(\{[^}]*\})) from "(\.[^"]+)";$/gm, (_, all, some, from) => {
        add(resolve(dirname(path), from));
        return `const ${all ?? some.replaceAll(" as ", ": ")} = modules[${JSON.stringify(relative(here, resolve(dirname(path), from)))}];`;
      })
      .replace(/^export \{ (.*) \} from "(\.[^"]+)";$/gm, (_, some, from) => {
        add(resolve(dirname(path), from));
        names.push(...some.split(", ").map((name) => `${name}: modules[${JSON.stringify(relative(here, resolve(dirname(path), from)))}].${name}`));
        return "";
      })
      .replace(/^export ((?:async )?function\*?|class|const|let) (\w+)/gm, (_, kind, name) => {
        names.push(name);
        return `${kind} ${name}`;
      })
      .replaceAll("import.meta.url", "location.href");
    if (/^(import|export) /m.test(code)) throw new Error(`${path}: an import or export that build.mjs does not know`);
    done.delete(path); // in the order of what needs what
    done.set(path, `modules[${JSON.stringify(relative(here, path))}] = (() => {\n${code}\nreturn { ${names.join(", ")} };\n})();\n`);
  };
  add(resolve(here, entry));
  return `"use strict";\nconst modules = {};\n${[...done.values()].join("")}`;
}

// Within a script element neither its end nor a comment may begin.
const script = (code) => code.replace(/<(?=\/script|!--|script)/gi, "\\x3c");
const packed = (bytes) => JSON.stringify(bytes.toString("base64"));

const start = `
const bytes = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
globalThis.foretideParts = {
  module: () => new Response(new Blob([bytes(${packed(gzipSync(readFileSync(resolve(here, "../../foretide.wasm")), { level: 9 }))})]).stream().pipeThrough(new DecompressionStream("gzip"))).arrayBuffer(),
  demo: async () => bytes(${packed(readFileSync(resolve(here, "../../../cmd/foretide/demo/pool.csv.gz")))}).buffer,
  worker: () => new Worker(URL.createObjectURL(new Blob([${script(JSON.stringify(bundle("src/worker.js")))}], { type: "text/javascript" }))),
};`;

export function build() {
  const parts = [
    ['<link rel="stylesheet" href="src/style.css">', `<style>\n${text("src/style.css")}</style>`],
    ['<script type="module" src="src/page.js"></script>', `<script>{${start}}\n{\n${script(bundle("src/page.js"))}}</script>`],
  ];
  return parts.reduce((page, [old, part]) => {
    if (!page.includes(old)) throw new Error(`index.html lacks ${old}`);
    return page.replace(old, () => part);
  }, text("index.html"));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const file = resolve(process.argv[2] ?? resolve(here, "dist/index.html"));
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(`${file}.tmp`, build());
  renameSync(`${file}.tmp`, file);
  console.log(`${file}: ${(Buffer.byteLength(readFileSync(file)) / 1e6).toFixed(2)} MB`);
}
