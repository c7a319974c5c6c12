// The lines of the README, run as they stand there.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { withServer } from "./support/server.mjs";
import { within } from "./support/wait.mjs";

describe("the README", () => {
  it("has lines that work", async () => {
    const [, lines] = /```js\n([\s\S]*?)```/.exec(await readFile(new URL("../README.md", import.meta.url), "utf8"));
    // Inside the package, where its own name leads to it.
    const file = new URL("../out/readme.mjs", import.meta.url);
    await mkdir(new URL(".", file), { recursive: true });
    await writeFile(file, lines);
    await withServer({}, async (server) => {
      await server.status("importer", "online");
      const env = { PATH: process.env.PATH, MISSION_CONTROL_URL: server.url, MISSION_CONTROL_TOKEN: await server.token() };
      const child = spawn(process.execPath, [fileURLToPath(file)], { env, stdio: ["ignore", "pipe", "inherit"] });
      const told = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
      const next = async () => (await within(told.next(), "the next line")).value;
      for (const line of ["connecting 0", "catching-up 0", "catch-up agent importer", "caught up with a first copy", "live 1"]) assert.equal(await next(), line);
      await server.activity("importer", "main", "Reading the task");
      assert.equal(await next(), "live session importer");
      child.kill();
      await within(once(child, "exit"), "the program's end");
    });
  });
});
