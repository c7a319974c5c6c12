// A small fleet for the pictures: the reports, in order, as [path, body].

export function fleet() {
  const minute = 60_000;
  const now = Date.now();
  const start = (agent, labels, at) => [`${agent}/lifecycle`, { event: "start", labels, timestamp: now - at }];
  const says = (agent, session, lastMessage, at, state = "working") => [
    `${agent}/sessions/${session}/activity`,
    { lastMessage, state, timestamp: now - at },
  ];
  return [
    start("build-linux", { team: "platform", host: "ci-04" }, 41 * minute),
    [`build-linux/status`, { status: "online", state: "working", message: "Building release 2.8", timestamp: now - 40 * minute }],
    says("build-linux", "release", "cargo build --release: 212 of 380 crates", 4_000),
    start("docs-writer", { team: "docs" }, 190 * minute),
    says("docs-writer", "api-guide", "Rewrote the section on retries; two links left to check", 38_000),
    says("docs-writer", "changelog", "Waiting for an answer: ship the note on timeouts now or with 2.9?", 6 * minute, "waiting"),
    start("nightly-index", { team: "search" }, 26 * 60 * minute),
    [`nightly-index/lifecycle`, { event: "stop", message: "finished", timestamp: now - 95 * minute }],
    start("reviewer", { team: "platform" }, 12 * minute),
    says("reviewer", "change-311", "Reading src/domain/lease.rs: the renewal after a restart looks right", 9_000),
    start("web-tests", { team: "web", browser: "chromium" }, 55 * minute),
    [`web-tests/lifecycle`, { event: "restart", timestamp: now - 3 * minute }],
    says("web-tests", "checkout", "18 of 64 passed, none failed", 2_000),
    says("web-tests", "sign-in", "64 of 64 passed", 100_000, "idle"),
  ];
}
