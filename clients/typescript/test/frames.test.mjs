// The frames that the server's own tests pin, one file each, against the types made from its documents: a field that the
// types do not have, or have otherwise, is an error of the compiler.

import assert from "node:assert/strict";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import ts from "typescript";

const golden = new URL("../../../tests/golden/frames/", import.meta.url);
const out = new URL("../out/", import.meta.url);

function complaints(file) {
  const options = { strict: true, noEmit: true, target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ES2022, lib: ["lib.es2022.d.ts", "lib.dom.d.ts"], types: [] };
  const program = ts.createProgram([fileURLToPath(file)], { ...options, moduleResolution: ts.ModuleResolutionKind.Bundler });
  return ts.getPreEmitDiagnostics(program).map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, "\n"));
}

describe("the frames of the stream", () => {
  it("are typed as the server writes them", async () => {
    const names = (await readdir(golden)).filter((name) => name.endsWith(".json"));
    assert.ok(names.length > 20, `${names.length} pinned frames`);
    const declare = async (name) => `export const ${name.replace(".json", "")}: ServerFrame = ${(await readFile(new URL(name, golden), "utf8")).trim()};\n`;
    const head = 'import type { ServerFrame } from "../dist/frames.js";\n';
    await mkdir(out, { recursive: true });
    const file = new URL("frames.ts", out);
    await writeFile(file, head + (await Promise.all(names.map(declare))).join(""));
    assert.deepEqual(complaints(file), []);
    // And the compiler would say so.
    const strange = new URL("strange.ts", out);
    await writeFile(strange, `${head}export const frame: ServerFrame = {"type":"goodbye","payload":{"code":"restart","mood":"low"}};\n`);
    assert.match(complaints(strange).join(), /mood/);
  });
});
