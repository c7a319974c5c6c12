// A small fleet with a past, for the pictures: `[minutes ago, path, body]`, in order.

const LEASE_MS = 3_600_000;

export function fleet() {
  return [...agents(), ...importer()].sort(([one], [other]) => other - one);
}

export function agents() {
  const start = (minutesAgo, agent, labels) => [minutesAgo, `${agent}/lifecycle`, { event: "start", labels, leaseMs: LEASE_MS }];
  const is = (minutesAgo, agent, message, state = "working") => [minutesAgo, `${agent}/status`, { status: "online", state, message }];
  const says = (minutesAgo, agent, session, lastMessage, state = "working") => [minutesAgo, `${agent}/sessions/${session}/activity`, { lastMessage, state }];
  const crash = (minutesAgo, agent, exitCode, signal, message) => [minutesAgo, `${agent}/lifecycle`, { event: "crash", exitCode, signal, message }];
  return [
    start(640, "build-linux", { team: "platform", host: "ci-04" }),
    is(8, "build-linux", "Building release 2.8"),
    says(0.1, "build-linux", "release", "cargo build --release: 212 of 380 crates"),
    start(1_500, "build-mac", { team: "platform", host: "ci-11" }),
    crash(23, "build-mac", 137, "SIGKILL", "out of memory while linking"),
    start(95, "crawler-eu", { team: "search", region: "eu" }),
    ...[6, 5, 4].map((minutesAgo) => crash(minutesAgo, "crawler-eu", 1, undefined, "certificate of the index has expired")),
    start(2_900, "docs-writer", { team: "docs", model: "large" }),
    says(2, "docs-writer", "api-guide", "Rewrote the section on retries; two links left to check"),
    says(12, "docs-writer", "changelog", "Ship the note on timeouts now, or with 2.9?", "waiting"),
    start(480, "nightly-index", { team: "search" }),
    [412, "nightly-index/lifecycle", { event: "stop", message: "Indexed 48,210 pages" }],
    start(7_000, "reviewer", { team: "platform", model: "large" }),
    says(0.2, "reviewer", "change-311", "Reading src/domain/lease.rs: the renewal after a restart looks right"),
    start(3_000, "support-bot", { team: "support", model: "small" }),
    is(17, "support-bot", "Refund of 1,240 needs a person to agree", "waiting"),
    start(5_000, "translator", { team: "docs", model: "small" }),
    is(51, "translator", "Nothing left to translate", "idle"),
    start(190, "web-tests", { team: "web", browser: "chromium" }),
    [31, "web-tests/lifecycle", { event: "restart" }],
    says(0.5, "web-tests", "sign-in", "64 of 64 passed", "idle"),
    says(0.05, "web-tests", "checkout", "18 of 64 passed, none failed"),
    [185, "wiki-backup/status", { status: "online", message: "Copied 2 of 3 volumes" }],
  ];
}

/** An hour of work with a crash, a restart and a question. */
function importer() {
  const says = (minutesAgo, session, lastMessage, state) => [minutesAgo, `importer/sessions/${session}/activity`, { lastMessage, state }];
  const batches = (from, to, first) => {
    const count = Math.floor((from - to) / 1.5);
    return Array.from({ length: count }, (_, index) => says(from - 1.5 * index, "import", `Importing batch ${first + index} of 60`, "working"));
  };
  return [
    [57, "importer/lifecycle", { event: "start", labels: { team: "data", host: "worker-12" }, leaseMs: LEASE_MS }],
    ...batches(56, 36, 1),
    [35, "importer/lifecycle", { event: "crash", exitCode: 137, signal: "SIGKILL", message: "out of memory" }],
    [33, "importer/lifecycle", { event: "restart", leaseMs: LEASE_MS }],
    ...batches(32, 18, 14),
    says(17, "questions", "Two rows have the same key. Keep the newer one?", "waiting"),
    [17, "importer/status", { status: "online", state: "waiting", message: "Waits for an answer" }],
    says(9, "questions", "Kept the newer one of 2 rows", "idle"),
    [9, "importer/status", { status: "online", state: "working", message: "Importing orders" }],
    ...batches(8, 0.4, 23),
  ];
}
