// Puts the libraries of the page where the server finds them, as they were published: the page has no build step. With
// --check it writes nothing and fails where what lies there is not what the lock file names.

import { mkdir, readFile, writeFile } from "node:fs/promises";

const modules = new URL("node_modules/", import.meta.url);
const page = new URL("../../src/adapters/dashboard/assets/vendor/", import.meta.url);
const isCheck = process.argv.includes("--check");

/** What the page has of it, and where its text begins; maps for debuggers are not brought. */
const LIBRARIES = [
  { name: "preact", file: "preact/dist/preact.mjs", as: "preact.js", licence: "MIT" },
  { name: "htm", file: "htm/dist/htm.module.js", as: "htm.js", licence: "Apache-2.0" },
];

const read = (path) => readFile(new URL(path, modules), "utf8");
const made = new Map();
const licences = [];
for (const { name, file, as, licence } of LIBRARIES) {
  const { version } = JSON.parse(await read(`${name}/package.json`));
  const code = (await read(file)).replace(/\n?\/\/# sourceMappingURL=.*\n?/, "\n");
  made.set(as, `// ${name} ${version}, ${licence}, see LICENCES.txt. As published; renewed by \`npm run vendor\` in tests/browser.\n${code}`);
  licences.push(`${name} ${version} (${as})\n${"=".repeat(40)}\n\n${(await read(`${name}/LICENSE`)).trim()}\n`);
}
made.set("LICENCES.txt", licences.join("\n\n"));

await mkdir(page, { recursive: true });
for (const [name, text] of made) {
  const there = await readFile(new URL(name, page), "utf8").catch(() => undefined);
  if (there === text) continue;
  if (isCheck) {
    console.error(`src/adapters/dashboard/assets/vendor/${name} is not what the lock file names: run \`npm run vendor\``);
    process.exitCode = 1;
  } else {
    await writeFile(new URL(name, page), text);
  }
}
