//! The one table of settings. A new setting is a row here and a field in its section; the
//! reference, the errors and the refusals follow.

use super::key::Key;

const ADDRESS: &str = "an IP address and a port, like `127.0.0.1:3000` or `[::]:3000`";
const FILE: &str = "a path";
const TEXT: &str = "a text that is not empty";

/// Every setting there is, in the order of the reference.
pub const KEYS: &[Key] = &[
    Key::text(
        "server.listen",
        Some("\"127.0.0.1:3000\""),
        ADDRESS,
        "Address and port of the API, the live stream and the page. Beyond this machine it needs one of the next two.",
    ),
    Key::switch(
        "server.behind_tls_proxy",
        "false",
        "A proxy in front of the server speaks TLS: links and same-origin checks use `https`.",
    ),
    Key::switch(
        "server.allow_plaintext",
        "false",
        "Lets tokens travel unencrypted beyond this machine. For networks that are closed or encrypted themselves.",
    ),
    Key::text(
        "server.data_dir",
        Some("\"./mission-control-data\""),
        FILE,
        "Where the server keeps what it must not lose, the signing secret among it. Relative to the working directory.",
    ),
    Key::list(
        "server.allowed_origins",
        "[]",
        "exact origins like `https://app.example.com`: scheme, host, port if any; no path, no `*`, not `null`",
        "Pages from elsewhere that may use the API and the live stream. The server's own page needs no entry.",
    ),
    Key::list(
        "server.trusted_proxies",
        "[]",
        "IP addresses or networks like `10.0.0.0/8`, with no bits set after the length",
        "Peers whose `X-Forwarded-For` is believed when handshakes are counted by address.",
    ),
    Key::millis(
        "server.drain_ms",
        (0, None),
        "30000",
        "milliseconds, from 0",
        "Longest time to say goodbye to all sockets when the server stops.",
    ),
    Key::secret(
        "auth.secret",
        "a text of at least 32 bytes",
        "The secret that signs tokens (HS256): the bytes of the text. Without this or the next one, one is made in the data directory.",
    ),
    Key::text("auth.secret_file", None, FILE, "A file with that secret, instead of the secret itself."),
    Key::text(
        "auth.public_key_file",
        None,
        FILE,
        "A PEM file with the public key that checks RS256, ES256 or EdDSA tokens.",
    ),
    Key::text("auth.jwks_url", None, "a URL", "Where to fetch the public keys.")
        .later("put the public key in a file and name it in `auth.public_key_file`"),
    Key::list(
        "auth.algorithms",
        "[\"HS256\"]",
        "one or more of `HS256`, `RS256`, `ES256`, `EdDSA`",
        "What a token may be signed with. `HS256` does not stand beside the others.",
    ),
    Key::text("auth.issuer", None, TEXT, "The `iss` that every token must carry. Not set: not looked at."),
    Key::text(
        "auth.audience",
        None,
        TEXT,
        "The `aud` that every token must carry. Not set: a token that has one is refused.",
    ),
    Key::millis(
        "auth.leeway_ms",
        (0, None),
        "5000",
        "milliseconds, from 0",
        "How far the clocks of signer and server may differ.",
    ),
    Key::switch("auth.query_token", "true", "Takes `?token=` on the live stream."),
    Key::text(
        "auth.default_scope",
        Some("\"watch\""),
        "one or more of `watch`, `report`, `admin`, with spaces between",
        "What a token without a `scope` may do.",
    ),
    Key::millis(
        "stream.heartbeat_ms",
        (1_000, Some(60_000)),
        "30000",
        "milliseconds, from 1000 to 60000",
        "Time between heartbeats.",
    ),
    Key::count(
        "stream.ring_events",
        "16384",
        "Events held in memory for sockets that lag. Whoever falls out gets the latest state instead.",
    ),
    Key::count(
        "stream.replay_events",
        "10000",
        "Most events given again one by one to a screen that comes back. Beyond that it gets the latest state.",
    ),
    Key::count("stream.tombstones", "10000", "Removals remembered for screens that come back."),
    Key::millis(
        "liveness.default_lease_ms",
        (0, Some(3_600_000)),
        "0",
        "milliseconds, from 0 to 3600000; 0 means none",
        "A lease for every agent that does not ask for one.",
    ),
    Key::text(
        "log.kind",
        Some("\"disk\""),
        "`memory`, `disk` or `nats`",
        "Where events are kept. In memory they are gone when the server stops.",
    )
    .only(&["memory", "disk"], "set it to `disk` or `memory`, or leave it out"),
    Key::text(
        "log.durability",
        Some("\"fsync\""),
        "`fsync` or `os`",
        "When an event counts as kept: when the disk has it, or when the system has it, which is faster and loses the last seconds in a power cut.",
    ),
    Key::count("log.keep_events", "1000000", "Most events kept; the oldest go."),
    Key::length(
        "log.keep_ms",
        None,
        "How long events are kept, in time that the server ran. Not set: as long as `log.keep_events` allows. The log in memory has no age.",
    ),
    Key::secret("nats.url", "a URL", "Address of the NATS server.").later("leave it out; the log is on disk"),
    Key::text("nats.stream", None, TEXT, "Name of the JetStream stream.")
        .later("leave it out; the log is on disk"),
    Key::count("limits.head_bytes", "16384", "Bytes of a request's head."),
    Key::count("limits.head_fields", "64", "Header fields of a request."),
    Key::length("limits.head_ms", Some("10000"), "Time in which the head must arrive, from its first bytes."),
    Key::count("limits.uri_bytes", "4096", "Bytes of a request's path and query."),
    Key::count("limits.body_bytes", "65536", "Bytes of a body, except a batch's."),
    Key::count("limits.batch_bytes", "524288", "Bytes of a batch's body."),
    Key::length("limits.body_ms", Some("30000"), "Time in which the body must arrive."),
    Key::count("limits.batch_items", "1000", "Reports in a batch."),
    Key::count("limits.frame_bytes", "8192", "Bytes of a frame from a client."),
    Key::count("limits.frame_fragments", "16", "Fragments of a message from a client."),
    Key::count("limits.frames_per_second", "10", "Frames a second from one client."),
    Key::count("limits.frames_burst", "20", "Frames from one client at once."),
    Key::count(
        "limits.interest_per_second",
        "1",
        "Changes of interest a second on one connection; the last wins.",
    ),
    Key::count("limits.patterns", "64", "Patterns in an interest, and in a token's `agents`.")
        .later("leave it out; it is 64"),
    Key::count("limits.connections", "10000", "Live connections in all."),
    Key::count("limits.connections_per_user", "1000", "Live connections of one user."),
    Key::count("limits.handshakes_per_second", "5000", "Handshakes a second in all."),
    Key::count("limits.refused_handshakes_per_second", "20", "Refused handshakes a second from one address."),
    Key::count("limits.reports_per_second", "100", "Reports a second about one agent."),
    Key::count("limits.reports_burst", "200", "Reports about one agent at once."),
    Key::count("limits.message_bytes", "4096", "Bytes of `message` and `lastMessage`; longer is cut."),
    Key::count("limits.labels", "16", "Labels of one agent."),
    Key::count("limits.label_bytes", "64", "Bytes of a label's key, and of its value."),
    Key::count("limits.agents", "50000", "Agents in the fleet."),
    Key::count("limits.sessions_per_agent", "100", "Sessions of one agent; the oldest goes."),
    Key::length(
        "limits.session_quiet_ms",
        Some("604800000"),
        "How long a session may be quiet before it is removed. The default is 7 days.",
    ),
    Key::count("limits.idempotency_keys", "1000000", "Idempotency keys remembered; the oldest go."),
    Key::text(
        "telemetry.log",
        Some("\"pretty\""),
        "`pretty` or `json`",
        "How log lines look. They go to standard error.",
    ),
    Key::text(
        "telemetry.level",
        Some("\"info\""),
        "`off`, `error`, `warn`, `info`, `debug` or `trace`",
        "How much is logged. `RUST_LOG` wins over it.",
    ),
    Key::text(
        "telemetry.metrics_listen",
        None,
        ADDRESS,
        "A port of its own for `/metrics`, without a token.",
    )
    .later("leave it out; there is no metrics page yet"),
    Key::text("telemetry.otlp_endpoint", None, "a URL", "Where to send traces.").later("leave it out"),
];
