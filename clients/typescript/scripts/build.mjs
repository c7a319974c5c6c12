// Compiles src/ to dist/, from nothing, so that no file of a source that is gone stays.

import { spawnSync } from "node:child_process";
import { rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

const here = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));
await rm(here("dist"), { recursive: true, force: true });
const compiler = createRequire(import.meta.url).resolve("typescript/bin/tsc");
process.exitCode = spawnSync(process.execPath, [compiler, "-p", here("tsconfig.json")], { stdio: "inherit" }).status ?? 1;
