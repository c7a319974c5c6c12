//! `run`: a program as an agent that is watched.

use std::io::{self, Write};
use std::process::ExitCode;
use std::sync::Arc;

use super::Process;
use super::args::RunArgs;
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
    let outbox = run::outbox(&url, tokens, &spool_directory(&args.spool, process)?)?;
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
        order: Order { program: program.clone(), arguments: arguments.to_vec() },
    })
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
