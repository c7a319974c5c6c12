//! Kills at each step of a commit, found by the system calls of the real server: before what is written, after
//! it, after it is on the disk, before and after somebody is told. And that the order of these steps is so.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::json;

use super::history::{Dice, assert_right};
use super::load::{Load, ask, asked, pause, token};
use super::server::Server;

/// A step, the file whose calls are meant, and the call before which the server is killed.
const STEPS: [(&str, Option<&str>, &str); 6] = [
    ("before a record is written, or between two pages of it", Some("events.db-wal"), "pwrite64"),
    ("after it is written, before it is on the disk", Some("events.db-wal"), "fsync,fdatasync"),
    ("after it is on the disk, before the witness knows", Some("events.head"), "pwrite64"),
    ("while the write-ahead log is carried over", Some("events.db"), "pwrite64"),
    ("before or after somebody is answered", None, "writev"),
    ("before or after a screen is sent something", None, "sendto,write"),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kill_at_any_step_of_a_commit_loses_nothing_and_doubles_nothing() {
    let seed = asked("MISSION_CONTROL_SEED", 1);
    for (step, file, calls) in STEPS {
        let (mut dice, mut server) = (Dice::new(seed), Server::new("moments"));
        server.start().await;
        let load = Load::start(server.address, seed, 3, 4);
        for _ in 0..asked("MISSION_CONTROL_FAULTS", 3) {
            server.kill().await;
            let path = file.map(|file| server.data_dir.join(file).display().to_string());
            let kill = format!("--inject={calls}:signal=SIGKILL:when={}", 2 + dice.below(100));
            let mut strace = vec!["strace", "-f", "-qq", "-o", "/dev/null", &kill];
            let trace = format!("--trace={calls}");
            strace.push(&trace);
            strace.extend(path.iter().flat_map(|path| ["-P", path.as_str()]));
            server.under(&strace);
            if server.try_start().await {
                server.wait_for_end().await;
            }
            server.under(&[]);
            server.start().await;
            pause(Duration::from_millis(100 + dice.below(200))).await;
        }
        eprintln!("killed {step}");
        assert_right(&load.finish().await, seed);
    }
}

#[tokio::test]
async fn a_report_is_answered_after_its_record_was_synced_and_never_before() {
    let mut server = Server::new("order");
    let trace = std::env::temp_dir().join(format!("mission-control-order-{}", std::process::id()));
    let to = trace.display().to_string();
    let calls = "--trace=pwrite64,fsync,fdatasync,writev,sendto,write,recvfrom,read";
    server.under(&["strace", "-f", "-qq", "-o", &to, "-s", "40", "--decode-fds=path", calls]);
    server.start().await;
    let head = format!(
        "POST /api/v1/agents/a/sessions/s/activity HTTP/1.1\r\nAuthorization: Bearer {}\r\nContent-Type: application/json",
        token("reporter", "report")
    );
    for number in 0..20 {
        let body = json!({ "lastMessage": number.to_string() }).to_string();
        let (status, answer) = ask(server.address, &head, &body).await.unwrap();
        assert_eq!(status, 200, "{answer}");
    }
    // It ends before the server does, so that all is written down.
    server.signal("TERM").await;
    server.wait_for_end().await;
    let text = String::from_utf8_lossy(&std::fs::read(&trace).unwrap()).into_owned();
    std::fs::remove_file(&trace).unwrap();
    let (mut written, mut synced, mut answers) = (false, false, 0);
    let mut begun = BTreeMap::new();
    for line in text.lines() {
        let (thread, call) = line.split_once(' ').unwrap();
        if let Some(call) = call.strip_suffix(" <unfinished ...>") {
            begun.insert(thread, call);
        }
        // What was begun before other calls came between says there which file it is about.
        let beginning = if call.contains(" resumed>") { begun.remove(thread).unwrap_or("") } else { "" };
        let line = &format!("{beginning}{line}");
        if line.contains("POST /api") {
            (written, synced) = (false, false);
        } else if line.contains("events.db-wal") && line.contains("pwrite64") {
            (written, synced) = (true, false);
        } else if line.contains("events.db-wal") && line.contains("sync") && line.ends_with("= 0") {
            synced = written;
        } else if call.contains("HTTP/1.1 200 OK") {
            assert!(synced, "answered before it was on the disk: {line}\n{text}");
            answers += 1;
        }
    }
    assert_eq!(answers, 20, "{text}");
}
