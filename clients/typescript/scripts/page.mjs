// Puts the compiled modules where the server's page finds them, as they are: the page has no build step. With --check
// it writes nothing and fails where what lies there is not what the sources make.

import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";

const dist = new URL("../dist/", import.meta.url);
const page = new URL("../../../src/adapters/dashboard/assets/client/", import.meta.url);
const isCheck = process.argv.includes("--check");

const made = new Map();
for (const name of (await readdir(dist)).filter((file) => file.endsWith(".js"))) {
  const text = await readFile(new URL(name, dist), "utf8");
  // Only types: nothing imports it at run time.
  if (text.includes("\nexport {};\n") && !/^import /m.test(text)) continue;
  made.set(name, text);
}

await mkdir(page, { recursive: true });
const old = [];
for (const name of new Set([...made.keys(), ...(await readdir(page))])) {
  const file = new URL(name, page);
  const there = await readFile(file, "utf8").catch(() => undefined);
  if (there === made.get(name)) continue;
  old.push(name);
  if (isCheck) continue;
  if (made.has(name)) await writeFile(file, made.get(name));
  else await rm(file);
}
if (isCheck && old.length > 0) {
  console.error(`the page's copy of the client is old: run \`npm run page\` (${old.join(", ")})`);
  process.exitCode = 1;
}
