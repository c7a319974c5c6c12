// The real server and the Python agent as child processes: started, read from, killed by their own pid. No sleeps:
// everything waits for a condition, and every wait has an end.

import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const WAIT_MS = 15_000;
const run = promisify(execFile);

/** Fails with the name of what was waited for. */
export async function within(promise, what, ms = WAIT_MS) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`waited ${ms} ms for ${what}`)), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

export async function freePort() {
  const probe = createServer();
  await once(probe.listen(0, "127.0.0.1"), "listening");
  const { port } = probe.address();
  probe.close();
  await once(probe, "close");
  return port;
}

/** Lines of a child's output, one at a time. */
function lines(stream) {
  const iterator = createInterface({ input: stream })[Symbol.asyncIterator]();
  return async (what) => {
    const { value, done } = await within(iterator.next(), what);
    if (done) throw new Error(`the process ended before ${what}`);
    return value;
  };
}

export class Server {
  /** `settings` are named as in its documentation: `{"stream.heartbeat_ms": 1000}`. */
  constructor(binary, dataDir, port, settings = {}, env = {}) {
    this.binary = resolve(binary);
    this.dataDir = dataDir;
    this.port = port;
    this.settings = settings;
    this.env = env;
    this.url = `http://127.0.0.1:${port}`;
    this.child = null;
  }

  /** One in a directory of its own, under way; `end()` takes both away. Answers it and its sign-in link. */
  static async begin(settings = {}, env = {}) {
    const binary = process.env.MISSION_CONTROL_BIN;
    if (binary === undefined) throw new Error("MISSION_CONTROL_BIN names the server's binary");
    const dataDir = await mkdtemp(join(tmpdir(), "mission-control-"));
    const server = new Server(binary, dataDir, await freePort(), { "telemetry.level": "warn", ...settings }, env);
    return { server, link: await server.start() };
  }

  async end() {
    await this.kill();
    await rm(this.dataDir, { recursive: true, force: true });
  }

  /** Starts it; answers the sign-in link that it prints. */
  async start() {
    const args = ["serve", "--listen", `127.0.0.1:${this.port}`, "--data-dir", this.dataDir];
    // Not where a mission-control.toml may lie.
    const named = Object.entries(this.settings);
    const env = { ...process.env, ...this.env, ...Object.fromEntries(named.map(([name, value]) => [variable(name), String(value)])) };
    this.child = spawn(this.binary, args, { cwd: this.dataDir, env, stdio: ["ignore", "pipe", "inherit"] });
    const line = lines(this.child.stdout);
    for (;;) {
      const link = /\bhttp:\S+\/#code=\S+/.exec(await line("the sign-in link"));
      if (link !== null) {
        this.child.stdout.resume();
        return link[0];
      }
    }
  }

  /** Another sign-in link. */
  async link() {
    const { stdout } = await this.#tool("link", "--data-dir", this.dataDir, "--url", this.url);
    return /\bhttp:\S+\/#code=\S+/.exec(stdout)[0];
  }

  /** A token that may report. */
  reportToken() {
    return this.token("report");
  }

  async token(scope, ttl = "1h") {
    const { stdout } = await this.#tool("token", "--data-dir", this.dataDir, "--sub", "reporter", "--scope", scope, "--ttl", ttl);
    return stdout.trim();
  }

  /** It lives, and neither reads nor answers. */
  pause() {
    process.kill(this.child.pid, "SIGSTOP");
  }

  resume() {
    process.kill(this.child.pid, "SIGCONT");
  }

  /** SIGKILL, by pid; done when it is gone. */
  async kill() {
    const { child } = this;
    this.child = null;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, "exit");
    process.kill(child.pid, "SIGKILL");
    await within(gone, "the server to be gone");
  }

  /** Takes away its history. */
  async forget() {
    for (const name of await readdir(this.dataDir)) {
      if (name.startsWith("events.")) await rm(join(this.dataDir, name));
    }
  }

  #tool(...args) {
    return run(this.binary, args, { cwd: this.dataDir, env: { ...process.env, ...this.env }, timeout: WAIT_MS });
  }
}

function variable(name) {
  return `MISSION_CONTROL__${name.replaceAll(".", "__").toUpperCase()}`;
}

/** agent.py, which makes one report for each `step()`. */
export class Agent {
  constructor(url, tokenFile, agentId) {
    const script = fileURLToPath(new URL("agent.py", import.meta.url));
    const args = [script, "--url", url, "--token-file", tokenFile, "--agent", agentId];
    this.child = spawn("python3", args, { stdio: ["pipe", "pipe", "inherit"] });
    this.line = lines(this.child.stdout);
  }

  /** Lets it make its next report; answers `{step, status, answeredAt}`. */
  async step() {
    this.child.stdin.write("\n");
    return JSON.parse(await this.line("the agent's report"));
  }

  async end() {
    if (this.child.exitCode !== null) return;
    const gone = once(this.child, "exit");
    this.child.stdin.end();
    await within(gone, "the agent to end");
  }
}

/** One report from the test itself. */
export function report(url, token, path, body) {
  return call(url, token, `agents/${path}`, { method: "POST", body: JSON.stringify(body) });
}

/** The whole fleet as the server has it. */
export function readFleet(url, token) {
  return call(url, token, "fleet");
}

/** What is known of one agent, its first 1,000 events. */
export function readEvents(url, token, agentId) {
  return call(url, token, `agents/${agentId}/events?limit=1000`);
}

/** Who is connected, as the server sees it; the token needs the scope `admin`. */
export async function connections(url, token) {
  return (await call(url, token, "connections")).connections;
}

/** Forgets an agent; the token needs the scope `admin`. */
export function forget(url, token, agentId) {
  return call(url, token, `agents/${agentId}`, { method: "DELETE" });
}

async function call(url, token, path, options = {}) {
  const response = await fetch(`${url}/api/v1/${path}`, {
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    signal: AbortSignal.timeout(WAIT_MS),
    ...options,
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${path}: ${response.status} ${text}`);
  return text === "" ? null : JSON.parse(text);
}
