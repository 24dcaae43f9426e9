// Puts the module and the licence into the package.
import { copyFile } from "node:fs/promises";

const here = (name) => new URL(name, import.meta.url);
await copyFile(here("../../foretide.wasm"), here("foretide.wasm"));
await copyFile(here("../../../LICENSE"), here("LICENSE"));
