//! Disks that fail under the real server: full, with syncs that come back with an error, and with the files of
//! yesterday put back. The first needs root, which mounts a small file system.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::process::Command;
use tokio::time::timeout;

use super::history::{Event, Frame, Report, assert_right};
use super::load::{Load, ask, asked, begun, events, fleet, insist, pause, token};
use super::server::Server;
use crate::support::PATIENCE;

/// A report with a message of so many bytes: the status, and the answer.
async fn report(server: &Server, number: u64, bytes: usize) -> (u16, Value) {
    let text = format!("{number} {}", "x".repeat(bytes));
    let head = format!(
        "POST /api/v1/agents/a{}/sessions/s/activity HTTP/1.1\r\nAuthorization: Bearer {}\r\nContent-Type: application/json",
        number % 50,
        token("reporter", "report")
    );
    ask(server.address, &head, &json!({ "lastMessage": text }).to_string()).await.expect("it does not answer")
}

async fn ready(server: &Server) -> u16 {
    ask(server.address, "GET /readyz HTTP/1.1", "").await.expect("it does not answer").0
}

async fn assert_heals(server: &Server) {
    let healed = async {
        while ready(server).await != 200 {
            pause(Duration::from_millis(50)).await;
        }
    };
    timeout(PATIENCE, healed).await.expect("it does not heal by itself");
}

/// Everything that was answered is there, and nothing is there twice.
async fn assert_kept(server: &Server, answered: &[(u64, u64)]) {
    let (epoch, _) = fleet(server.address).await;
    let kept = events(server.address, &epoch).await;
    for (number, seq) in answered {
        let begins = format!("{number} ");
        let places: Vec<_> = kept
            .iter()
            .filter(|(_, event)| matches!(event, Event::Said { id, .. } if id.starts_with(&begins)))
            .map(|((_, seq), _)| *seq)
            .collect();
        assert_eq!(places, [*seq], "report {number} was answered with {seq}");
    }
}

/// A small file system of a test's own.
struct Small(PathBuf);

impl Small {
    async fn new(name: &str, size: &str) -> Self {
        let path = std::env::temp_dir().join(format!("mission-control-small-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs"]).arg(&path);
        assert!(mount.status().await.unwrap().success(), "root has to mount a tmpfs");
        Self(path)
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        let _gone = std::process::Command::new("umount").arg("--lazy").arg(&self.0).status();
        let _gone = std::fs::remove_dir(&self.0);
    }
}

#[tokio::test]
async fn a_full_disk_refuses_reports_and_nothing_else_and_heals_when_there_is_room() {
    let small = Small::new("full", "8m").await;
    std::fs::write(small.0.join("filler"), vec![0; 3 << 20]).unwrap();
    let mut server = Server::within(small.0.join("data"));
    server.start().await;
    let (mut answered, mut number) = (Vec::new(), 0);
    let refused = loop {
        number += 1;
        let (status, answer) = report(&server, number, 4000).await;
        match status {
            200 => answered.push((number, answer["seq"].as_u64().unwrap())),
            other => break (other, answer),
        }
        assert!(number < 5_000, "it never is full");
    };
    assert_eq!((refused.0, refused.1["code"].as_str()), (507, Some("store_full")), "{}", refused.1);
    assert_eq!(ready(&server).await, 503);
    assert!(fleet(server.address).await.1 >= answered.last().unwrap().1, "reads go on");
    assert_kept(&server, &answered).await;
    std::fs::remove_file(small.0.join("filler")).unwrap();
    assert_heals(&server).await;
    let (status, answer) = report(&server, number + 1, 100).await;
    assert_eq!(status, 200, "{answer}");
    answered.push((number + 1, answer["seq"].as_u64().unwrap()));
    server.kill().await;
    server.start().await;
    assert_kept(&server, &answered).await;
}

#[tokio::test]
async fn after_a_sync_that_failed_nobody_is_answered_and_what_was_answered_stays() {
    for failing in 1..=asked("MISSION_CONTROL_FAULTS", 6) {
        let mut server = Server::new(&format!("sync{failing}"));
        server.start().await;
        let (status, first) = report(&server, 1, 10).await;
        assert_eq!(status, 200);
        let mut answered = vec![(1, first["seq"].as_u64().unwrap())];
        server.kill().await;
        // From some sync on all fail.
        let fault = format!("--inject=fsync,fdatasync:error=EIO:when={failing}+");
        server.under(&["strace", "-f", "-qq", "-o", "/dev/null", "--trace=fsync,fdatasync", &fault]);
        if timeout(PATIENCE, server.try_start()).await.expect("it hangs") {
            let mut refused = 0;
            for number in 2..30 {
                let (status, answer) = report(&server, number, 10).await;
                match status {
                    200 if refused == 0 => answered.push((number, answer["seq"].as_u64().unwrap())),
                    503 => refused += 1,
                    other => panic!("{other} {answer} after {refused} refusals"),
                }
            }
            assert!(refused > 0, "syncs fail, and it answers");
            assert_eq!(ready(&server).await, 503);
            let head = format!("GET /api/v1/fleet HTTP/1.1\r\nAuthorization: Bearer {}", token("w", "watch"));
            assert_eq!(insist(server.address, &head, "").await.0, 200, "reads go on");
        }
        server.kill().await;
        server.under(&[]);
        server.start().await;
        assert_kept(&server, &answered).await;
        let (status, answer) = report(&server, 99, 10).await;
        assert_eq!(status, 200, "{answer}");
    }
}

fn copy(from: &Path, to: &Path) {
    let _older = std::fs::remove_dir_all(to);
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_files_of_yesterday_put_back_begin_another_history_and_no_screen_takes_it_for_the_old_one() {
    let mut server = Server::new("yesterday");
    server.start().await;
    let (status, _) = report(&server, 1, 10).await;
    assert_eq!(status, 200);
    server.kill().await;
    let yesterday = server.data_dir.with_extension("yesterday");
    copy(&server.data_dir, &yesterday);
    server.start().await;
    let (before, _) = fleet(server.address).await;
    let load = Load::start(server.address, 9, 2, 6);
    pause(Duration::from_millis(500)).await;
    server.kill().await;
    copy(&yesterday, &server.data_dir);
    server.start().await;
    let said = server.line().await.expect("it goes on");
    assert!(said.contains("NEW EPOCH"), "{said}");
    let (after, _) = fleet(server.address).await;
    assert_ne!(before, after);
    pause(Duration::from_millis(500)).await;
    let mut history = load.finish().await;
    std::fs::remove_dir_all(&yesterday).unwrap();
    assert!(begun(&history, "snapshot") >= 12, "each screen begins anew in the new history");
    // What was answered in the lost history is lost: that is what was done to it.
    history.reports.iter_mut().for_each(|report| report.answers.retain(|(epoch, _)| *epoch == after));
    history.reports.push(Report {
        id: format!("1 {}", "x".repeat(10)),
        answers: Vec::new(),
        key_taken_in: None,
    });
    for screen in &mut history.screens {
        let is_anew = |frame: &Frame| matches!(frame, Frame::Began { epoch, .. } if *epoch == after);
        let anew = screen.frames.iter().position(is_anew).expect("it saw the new history");
        screen.frames.drain(..anew);
        let Some(Frame::Began { cursor, mode, .. }) = screen.frames.first_mut() else { unreachable!() };
        assert_eq!(mode, "snapshot");
        *cursor = None;
    }
    assert_right(&history, 9);
}
