//! The 247 cases of the Autobahn suite on framing, pings, reserved bits, opcodes, fragments, UTF-8 and closing
//! (groups 1 to 7 and 10), run by `kosoku` against an echo on the same upgrade, codec and socket as the live
//! stream. Left out are groups 9 (messages of megabytes) and 12 and 13 (compression, which is not offered).
//! The runner is installed by `scripts/kosoku`, as the test command does; without it this fails.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking, also in its helpers"
)]

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use mission_control::adapters::ws;
use tokio::net::TcpListener;
use tokio::process::Command;

/// The longest message of these cases has 64 KiB.
const MESSAGE_BYTES: usize = 128 * 1024;
const CASES: usize = 247;
const PATIENCE: Duration = Duration::from_secs(120);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_autobahn_case_passes() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let serving = tokio::spawn(warp::serve(ws::echo(MESSAGE_BYTES)).incoming(listener).run());

    // The test binary is at <target>/<profile>/deps.
    let exe = std::env::current_exe().unwrap();
    let target = exe.ancestors().nth(3).unwrap();
    let runner = target.join("kosoku/bin/kosoku");
    assert!(runner.is_file(), "run scripts/kosoku first: it installs the runner");
    let reports = target.join("kosoku/reports");
    drop(std::fs::remove_dir_all(&reports));
    let ran = Command::new(&runner)
        .args(["-x", "9.*", "-x", "12.*", "-x", "13.*", "-p", "2", "-o"])
        .arg(&reports)
        .arg(address.to_string())
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output();
    let output = tokio::time::timeout(PATIENCE, ran).await.expect("the runner hangs").unwrap();
    serving.abort();
    let said =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    assert_eq!(passed(&reports), CASES, "{said}");
}

/// How many cases the runner's index tells of, each of which must be passed strictly.
fn passed(reports: &Path) -> usize {
    let index = std::fs::read(reports.join("index.json")).unwrap();
    let index: serde_json::Value = serde_json::from_slice(&index).unwrap();
    let cases = index.as_object().unwrap().values().next().unwrap().as_object().unwrap();
    for (case, result) in cases {
        let behavior = (result["behavior"].as_str().unwrap(), result["behaviorClose"].as_str().unwrap());
        assert!(behavior.0 != "FAILED" && behavior.1 != "FAILED", "{case}: {result}");
    }
    cases.len()
}
