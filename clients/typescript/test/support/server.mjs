// The real server as a child process, in a data directory of its own: started, reported to, killed by its own pid.

import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { within } from "./wait.mjs";

const run = promisify(execFile);
const SECRET = "only for tests: 32 bytes or more of it";

export class Server {
  #settings;
  #dataDir;
  #listen = "127.0.0.1:0";
  #child = null;
  #tokens = new Map();
  /** `http://127.0.0.1:<port>`, the same after a restart. */
  url = "";

  constructor(settings = {}) {
    const binary = process.env.MISSION_CONTROL_BIN;
    if (!binary) throw new Error("MISSION_CONTROL_BIN names the server's binary");
    this.binary = resolve(binary);
    this.#settings = settings;
  }

  async start() {
    this.#dataDir ??= await mkdtemp(join(tmpdir(), "mission-control-ts-"));
    const args = ["serve", "--listen", this.#listen, "--data-dir", this.#dataDir];
    const child = spawn(this.binary, args, { cwd: this.#dataDir, env: this.#env(), stdio: ["ignore", "pipe", "ignore"] });
    this.#child = child;
    this.url = await within(addressIn(child.stdout), "the server's address");
    this.#listen = new URL(this.url).host;
    return this;
  }

  get wsUrl() {
    return this.url.replace("http", "ws");
  }

  /** SIGKILL, as a power cut would. */
  kill() {
    return this.#end("SIGKILL");
  }

  /** SIGTERM: it says goodbye to everybody. */
  stop() {
    return this.#end("SIGTERM");
  }

  /** Takes away its history: the next start begins another. */
  async forget() {
    for (const name of await readdir(this.#dataDir)) if (name.startsWith("events.")) await rm(join(this.#dataDir, name));
  }

  async end() {
    await this.kill();
    if (this.#dataDir !== undefined) await rm(this.#dataDir, { recursive: true, force: true });
  }

  /** A token; the same one for the same wishes unless they name a `ttl`. */
  async token({ sub = "watcher", scope = "watch", agents, ttl } = {}) {
    const args = ["token", "--data-dir", this.#dataDir, "--sub", sub, "--scope", scope];
    if (agents !== undefined) args.push("--agents", agents);
    if (ttl !== undefined) args.push("--ttl", ttl);
    const key = args.join(" ");
    if (ttl === undefined && this.#tokens.has(key)) return this.#tokens.get(key);
    const { stdout } = await run(this.binary, args, { cwd: this.#dataDir, env: this.#env() });
    this.#tokens.set(key, stdout.trim());
    return stdout.trim();
  }

  /** A request with a token that may do everything; answers the body, and fails where it was refused. */
  async ask(method, path, body) {
    const token = await this.token({ sub: "tester", scope: "watch report admin" });
    const headers = { authorization: `Bearer ${token}` };
    if (body !== undefined) headers["content-type"] = "application/json";
    const response = await fetch(`${this.url}/api/v1/${path}`, {
      method,
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: AbortSignal.timeout(15_000),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return text === "" ? null : JSON.parse(text);
  }

  status(agentId, status, more = {}) {
    return this.ask("POST", `agents/${agentId}/status`, { status, ...more });
  }

  activity(agentId, sessionId, lastMessage) {
    return this.ask("POST", `agents/${agentId}/sessions/${sessionId}/activity`, { lastMessage });
  }

  /** Many reports; answers the last seq. */
  async batch(reports) {
    let seq = 0;
    for (let at = 0; at < reports.length; at += 1000) {
      const { results } = await this.ask("POST", "reports", reports.slice(at, at + 1000));
      for (const result of results) {
        if (result.applied !== true) throw new Error(`a report was not taken: ${JSON.stringify(result)}`);
        seq = Math.max(seq, result.seq);
      }
    }
    return seq;
  }

  #env() {
    const settings = Object.entries(this.#settings).map(([name, value]) => [
      `MISSION_CONTROL__${name.replace(".", "__").toUpperCase()}`,
      String(value),
    ]);
    return { PATH: process.env.PATH, MISSION_CONTROL__AUTH__SECRET: SECRET, ...Object.fromEntries(settings) };
  }

  async #end(signal) {
    const child = this.#child;
    this.#child = null;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, "exit");
    child.kill(signal);
    await within(gone, "the server to be gone", 40_000);
  }
}

/** A server for as long as `use` takes. */
export async function withServer(settings, use) {
  const server = new Server(settings);
  try {
    await server.start();
    return await use(server);
  } finally {
    await server.end();
  }
}

async function addressIn(stdout) {
  const lines = createInterface({ input: stdout });
  for await (const line of lines) {
    const found = /running at (http:\S+)/.exec(line);
    if (found === null) continue;
    stdout.resume();
    return found[1];
  }
  throw new Error("the server ended before it said its address");
}
