// A small fleet for the pictures: the reports, in order, as [path, body].

export function fleet() {
  const now = Date.now();
  const start = (agent, labels) => [`${agent}/lifecycle`, { event: "start", labels }];
  const says = (agent, session, lastMessage, secondsAgo, state = "working") => [
    `${agent}/sessions/${session}/activity`,
    { lastMessage, state, timestamp: now - secondsAgo * 1000 },
  ];
  return [
    start("build-linux", { team: "platform", host: "ci-04" }),
    [`build-linux/status`, { status: "online", state: "working", message: "Building release 2.8" }],
    says("build-linux", "release", "cargo build --release: 212 of 380 crates", 4),
    start("docs-writer", { team: "docs" }),
    says("docs-writer", "api-guide", "Rewrote the section on retries; two links left to check", 12),
    says("docs-writer", "changelog", "Waiting for an answer: ship the note on timeouts now or with 2.9?", 38, "waiting"),
    start("nightly-index", { team: "search" }),
    [`nightly-index/lifecycle`, { event: "stop", message: "Indexed 48,210 pages" }],
    start("reviewer", { team: "platform" }),
    says("reviewer", "change-311", "Reading src/domain/lease.rs: the renewal after a restart looks right", 9),
    start("web-tests", { team: "web", browser: "chromium" }),
    [`web-tests/lifecycle`, { event: "restart" }],
    says("web-tests", "checkout", "18 of 64 passed, none failed", 2),
    says("web-tests", "sign-in", "64 of 64 passed", 25, "idle"),
  ];
}
