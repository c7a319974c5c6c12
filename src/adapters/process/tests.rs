//! Real children: their output, their ends, their families.
//!
//! What needs a process of our own to be signalled is in `tests/run.rs`.

use std::ffi::OsString;
use std::fs::File;
use std::io::{PipeReader, Read, pipe};
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::names;
use super::program::{Children, Running};
use crate::ports::programs::{End, Heard, Order, Program, Programs, RunError};

const PATIENCE: Duration = Duration::from_secs(20);

fn order(program: &str, arguments: &[&str]) -> Order {
    Order { program: program.into(), arguments: arguments.iter().map(OsString::from).collect() }
}

fn sh(script: &str) -> Order {
    order("sh", &["-c", script])
}

/// All that comes out of a pipe until it is closed, on a thread of its own.
fn collect(mut from: PipeReader) -> JoinHandle<Vec<u8>> {
    tokio::task::spawn_blocking(move || {
        let mut all = Vec::new();
        from.read_to_end(&mut all).unwrap();
        all
    })
}

/// A child whose output is ours.
struct Child {
    running: Running,
    out: JoinHandle<Vec<u8>>,
    errors: JoinHandle<Vec<u8>>,
}

impl Child {
    fn start(order: &Order) -> Self {
        let ((out, our_out), (errors, our_errors)) = (pipe().unwrap(), pipe().unwrap());
        let running = Running::start(order, our_out, our_errors).unwrap();
        Self { running, out: collect(out), errors: collect(errors) }
    }

    async fn next(&mut self) -> Heard {
        timeout(PATIENCE, self.running.next()).await.expect("nothing came in time")
    }

    async fn line(&mut self) -> String {
        match self.next().await {
            Heard::Line(line) => line,
            Heard::Ended(end) => panic!("ended: {end:?}"),
        }
    }

    /// The lines until the end, and the end.
    async fn rest(&mut self) -> (Vec<String>, End) {
        let mut lines = Vec::new();
        loop {
            match self.next().await {
                Heard::Line(line) => lines.push(line),
                Heard::Ended(end) => return (lines, end),
            }
        }
    }

    /// All that went to standard output and standard error, and the last line and end.
    async fn whole(mut self) -> (Vec<u8>, Vec<u8>, Option<String>, End) {
        let (mut lines, end) = self.rest().await;
        timeout(PATIENCE, self.running.passed_on()).await.unwrap();
        drop(self.running);
        let (out, errors) = timeout(PATIENCE, async { tokio::join!(self.out, self.errors) }).await.unwrap();
        (out.unwrap(), errors.unwrap(), lines.pop(), end)
    }
}

#[tokio::test]
async fn output_goes_through_byte_for_byte_on_both_streams() {
    let script = "import sys; sys.stdout.buffer.write(bytes(range(256)) * 3); sys.stderr.buffer.write(b'\\xff\\x00no end')";
    let (out, errors, last, end) = Child::start(&order("python3", &["-c", script])).whole().await;
    let all: Vec<u8> = (0..=255).collect();
    assert_eq!(out, all.repeat(3));
    assert_eq!(errors, b"\xff\0no end");
    assert_eq!(end, End::Exited(0));
    assert!(last.is_some());
}

#[tokio::test]
async fn the_exit_code_is_the_childs() {
    for code in [0, 1, 3, 126, 127, 255] {
        let (.., end) = Child::start(&sh(&format!("exit {code}"))).whole().await;
        assert_eq!(end, End::Exited(code));
    }
}

#[tokio::test]
async fn a_death_by_a_signal_has_its_number_and_name() {
    for (number, name) in [
        (1, "SIGHUP"),
        (2, "SIGINT"),
        (6, "SIGABRT"),
        (9, "SIGKILL"),
        (11, "SIGSEGV"),
        (13, "SIGPIPE"),
        (15, "SIGTERM"),
    ] {
        // No core is to be left behind.
        let (.., end) = Child::start(&sh(&format!("ulimit -c 0; kill -{number} $$"))).whole().await;
        let End::Killed { number: found, name: named } = end else { panic!("{number}: {end:?}") };
        assert_eq!((found, named.as_str()), (number, name));
    }
}

#[test]
fn every_signal_has_the_name_that_people_know() {
    let script = "import signal\nfor s in signal.valid_signals():\n  print(int(s), getattr(s, 'name', ''))";
    let told = std::process::Command::new("python3").args(["-c", script]).output().unwrap();
    let told = String::from_utf8(told.stdout).unwrap();
    let mut known = 0;
    for line in told.lines() {
        let (number, name) = line.split_once(' ').unwrap();
        // Python has older names for these.
        let name = match name {
            "SIGCLD" => "SIGCHLD",
            "SIGPOLL" => "SIGIO",
            "SIGIOT" => "SIGABRT",
            "SIGRTMAX" | "" => continue,
            name => name,
        };
        assert_eq!(names::name(number.parse().unwrap()), name);
        known += 1;
    }
    assert!(known >= 30, "{told}");
    #[cfg(target_os = "linux")]
    for (number, name) in
        [(34, "SIGRTMIN"), (37, "SIGRTMIN+3"), (64, "SIGRTMIN+30"), (32, "SIG32"), (65, "SIG65")]
    {
        assert_eq!(names::name(number), name);
    }
}

#[tokio::test]
async fn a_line_is_heard_when_it_is_written_and_not_only_at_the_end() {
    let script = "import signal, sys\n\
        signal.signal(signal.SIGTERM, lambda *_: (print('two', file=sys.stderr), sys.exit(4)))\n\
        print('\\x1b[32mone\\x1b[0m', flush=True)\n\
        while True: signal.pause()";
    let mut child = Child::start(&order("python3", &["-c", script]));
    assert_eq!(child.line().await, "one");
    child.running.signal(15);
    assert_eq!(child.line().await, "two");
    assert_eq!(child.rest().await, (Vec::new(), End::Exited(4)));
}

#[tokio::test]
async fn a_question_without_a_line_end_is_heard_once_it_stands() {
    let mut child = Child::start(&sh("printf 'Continue? [y/n] '; exec sleep 60"));
    assert_eq!(child.line().await, "Continue? [y/n]");
    child.running.signal(15);
    assert!(matches!(child.rest().await, (lines, End::Killed { number: 15, .. }) if lines.is_empty()));
}

#[tokio::test]
async fn the_last_line_is_heard_before_the_end_also_without_a_line_end() {
    for (script, last) in
        [("seq 1 5000", "5000"), ("seq 1 5000; printf last", "last"), ("echo a; echo b >&2; exit 3", "")]
    {
        let (.., heard, _) = Child::start(&sh(script)).whole().await;
        let heard = heard.unwrap();
        assert!(heard == last || (last.is_empty() && ["a", "b"].contains(&&*heard)), "{script}: {heard}");
    }
}

#[tokio::test]
async fn a_slow_reader_hears_the_newest_line_and_never_slows_the_child() {
    let mut child = Child::start(&sh("seq 1 200000"));
    // Nothing is asked until all was written.
    let out = timeout(PATIENCE, &mut child.out).await.unwrap().unwrap();
    assert!(out.ends_with(b"\n200000\n"));
    let (lines, end) = child.rest().await;
    assert_eq!((lines, end), (vec!["200000".to_owned()], End::Exited(0)));
}

#[tokio::test]
async fn a_family_that_holds_the_output_is_waited_for_a_second_and_no_longer() {
    let mut child = Child::start(&sh("echo $$; sleep 60 & echo $!"));
    let (lines, end) = child.rest().await;
    assert_eq!(end, End::Exited(0));
    timeout(PATIENCE, child.running.passed_on()).await.expect("all that it wrote was passed on");
    let orphan: i32 = lines.last().unwrap().parse().unwrap();
    let orphan = rustix::process::Pid::from_raw(orphan).unwrap();
    rustix::process::kill_process(orphan, rustix::process::Signal::KILL).unwrap();
}

#[tokio::test]
async fn a_family_that_ends_soon_is_heard_to_its_end() {
    let (out, _, last, _) = Child::start(&sh("(sleep 0.2; echo late) & echo early")).whole().await;
    assert_eq!(out, b"early\nlate\n");
    assert_eq!(last.unwrap(), "late");
}

#[tokio::test]
async fn a_reader_that_takes_its_time_gets_everything_and_the_end_is_known_before() {
    let ((mut out, our_out), (errors, our_errors)) = (pipe().unwrap(), pipe().unwrap());
    // More than our pipe takes, less than it and the child's take together.
    let mut running = Running::start(&sh("head -c 100000 /dev/zero"), our_out, our_errors).unwrap();
    let errors = collect(errors);
    let end = timeout(PATIENCE, running.next()).await.unwrap();
    assert_eq!(end, Heard::Ended(End::Exited(0)));
    let mut passed_on = Box::pin(running.passed_on());
    assert!(timeout(Duration::from_millis(50), &mut passed_on).await.is_err(), "it is not passed on yet");
    let reading = tokio::task::spawn_blocking(move || {
        let mut all = vec![0; 100_000];
        out.read_exact(&mut all).map(|()| all)
    });
    assert_eq!(timeout(PATIENCE, reading).await.unwrap().unwrap().unwrap(), vec![0; 100_000]);
    timeout(PATIENCE, passed_on).await.unwrap();
    drop(running);
    timeout(PATIENCE, errors).await.unwrap().unwrap();
}

#[tokio::test]
async fn when_our_output_is_closed_the_child_gets_what_it_would_have_got() {
    let ((out, our_out), (errors, our_errors)) = (pipe().unwrap(), pipe().unwrap());
    drop(out);
    let mut running = Running::start(&order("yes", &[]), our_out, our_errors).unwrap();
    let errors = collect(errors);
    let end = timeout(PATIENCE, async {
        loop {
            if let Heard::Ended(end) = running.next().await {
                return end;
            }
        }
    });
    assert!(matches!(end.await.unwrap(), End::Killed { number: 13, .. }));
    drop(running);
    timeout(PATIENCE, errors).await.unwrap().unwrap();
}

#[tokio::test]
async fn what_cannot_be_run_is_told_apart() {
    let missing = Children.start(&order("no-such-program-here", &[])).await.err().unwrap();
    assert!(matches!(missing, RunError::NotFound(_)));
    assert_eq!(missing.to_string(), "there is no program no-such-program-here");
    let folder = std::env::temp_dir().join(format!("mission-control-process-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = |name: &str, text: &str, mode: u32| {
        use std::os::unix::fs::PermissionsExt;
        let path = folder.join(name);
        std::fs::write(&path, text).unwrap();
        File::open(&path).unwrap().set_permissions(std::fs::Permissions::from_mode(mode)).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let not_executable = file("plain", "#!/bin/sh\n", 0o644);
    let no_interpreter = file("script", "#!/no/such/interpreter\n", 0o755);
    let a_folder = folder.to_str().unwrap().to_owned();
    for program in [not_executable, no_interpreter, a_folder] {
        let error = Children.start(&order(&program, &[])).await.err().unwrap();
        assert!(matches!(error, RunError::NotStarted { .. }), "{program}: {error}");
        assert!(error.to_string().starts_with(&format!("cannot run {program}: ")), "{error}");
    }
    std::fs::remove_dir_all(&folder).unwrap();
}

#[tokio::test]
async fn a_hundred_megabytes_go_through_and_come_out_the_same() {
    let mut child = Child::start(&sh("head -c 100000000 /dev/zero | tr '\\0' 'a'"));
    let (_, end) = child.rest().await;
    assert_eq!(end, End::Exited(0));
    drop(child.running);
    let out = timeout(PATIENCE, child.out).await.unwrap().unwrap();
    assert_eq!(out.len(), 100_000_000);
    assert!(out.iter().all(|byte| *byte == b'a'));
}

#[tokio::test]
async fn a_signal_after_the_end_reaches_nobody() {
    let mut child = Child::start(&sh("exit 0"));
    assert_eq!(child.rest().await.1, End::Exited(0));
    child.running.signal(9);
    assert!(
        timeout(Duration::from_millis(1), child.running.next()).await.is_err(),
        "nothing comes after the end"
    );
}
