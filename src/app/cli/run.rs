//! `run`: a program as an agent that is watched.

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use super::Process;
use super::args::{ClientArgs, RunArgs, SpoolArgs};
use super::client::{Server, server};
use super::output::{Failure, complain};
use super::spool::spool_directory;
use crate::app::run;
use crate::app::supervise::{Console, Finish, Task, supervise};
use crate::app::watch::plain;
use crate::domain::grant::Scope;
use crate::ports::programs::{End, Order, RunError};

/// It could not begin. As `env`, `timeout` and container runtimes have it: none of the program's own codes.
const NOT_BEGUN: u8 = 125;
/// The program is there and cannot be run, as shells have it.
const NOT_RUNNABLE: u8 = 126;
/// There is no such program, as shells have it.
const NOT_FOUND: u8 = 127;

pub(super) fn run(args: &RunArgs, process: &Process) -> ExitCode {
    let finish = match supervised(args, process) {
        Ok(finish) => finish,
        Err(failure) => return complain(NOT_BEGUN, failure.text()),
    };
    match finish {
        Finish::Ended(End::Exited(code)) => ExitCode::from(u8::try_from(code).unwrap_or(u8::MAX)),
        Finish::Ended(End::Killed { number: signal, .. }) | Finish::Stopped { signal } => {
            ExitCode::from(run::die_by(signal))
        }
        // Not to be silenced: the program says nothing itself.
        Finish::NotStarted(error) => {
            let code = match error {
                RunError::NotFound(_) => NOT_FOUND,
                RunError::NotStarted { .. } => NOT_RUNNABLE,
            };
            complain(code, &plain(&error.to_string()))
        }
    }
}

fn supervised(args: &RunArgs, process: &Process) -> Result<Finish, Failure> {
    let task = task(args)?;
    let Server { url, tokens } = server(&args.client, Scope::Report, process)?;
    let outbox = run::outbox(&url, tokens, &spool_directory(&args.spool, process)?)?.outbox;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let finish = runtime.block_on(async {
        let world = run::world(outbox, Arc::new(Terminal { quiet: args.quiet }))?;
        Ok(supervise(task, world).await?)
    });
    // Output that nobody takes may still be under way; it is not waited for.
    runtime.shutdown_background();
    finish
}

fn task(args: &RunArgs) -> Result<Task, Failure> {
    let (program, arguments) =
        args.command.split_first().ok_or_else(|| Failure::new("there is no program to run"))?;
    Ok(Task {
        agent: args.agent.clone(),
        session: args.session.clone(),
        labels: args.labels()?,
        lease: args.lease,
        restart: args.restart.into(),
        restarts_max: args.restart_max,
        flush: flush(&args.client, &args.spool),
        order: Order { program: program.clone(), arguments: arguments.to_vec() },
    })
}

/// The command that sends what this one leaves behind. A token is in no command line, so it is not in this one.
fn flush(client: &ClientArgs, spool: &SpoolArgs) -> String {
    let path = |path: &Option<PathBuf>| path.as_ref().map(|path| path.display().to_string());
    let flags = [
        ("--url", client.url.clone()),
        ("--token-file", path(&client.token_file)),
        ("--as", client.user.clone()),
        ("--config", path(&client.place.config)),
        ("--data-dir", client.place.data_dir.clone()),
        ("--spool", path(&spool.directory)),
    ];
    let mut command = "mission-control report --flush".to_owned();
    for (flag, value) in flags {
        if let Some(value) = value {
            command = format!("{command} {flag} {}", quoted(&value));
        }
    }
    command
}

/// As a shell takes it for one word.
fn quoted(word: &str) -> String {
    let bare = |c: char| c.is_ascii_alphanumeric() || "-_./:@%+=,".contains(c);
    if !word.is_empty() && word.chars().all(bare) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// Standard error, which is the program's too.
struct Terminal {
    quiet: bool,
}

impl Console for Terminal {
    fn tell(&self, line: &str) {
        if !self.quiet {
            let _reader_gone = writeln!(io::stderr().lock(), "mission-control: {line}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_with_odd_characters_is_quoted_for_a_shell() {
        assert_eq!(quoted("http://[::1]:3000"), "'http://[::1]:3000'");
        assert_eq!(quoted("http://h:3000/a"), "http://h:3000/a");
        assert_eq!(quoted("it's"), r"'it'\''s'");
        assert_eq!(quoted(""), "''");
    }
}
