//! The command line: what each command does. The process is looked at here, and nowhere else in the app.

#[allow(unreachable_pub, unused_imports, reason = "its files say pub for what leaves the folder")]
mod args;

mod check;
mod client;
mod link;
mod load;
mod output;
mod report;
mod run;
mod serve;
mod spool;
mod token;
mod tokens;
mod watch;

use std::collections::BTreeMap;
use std::process::ExitCode;

use clap::Parser;

use crate::app::settings::environment;
use args::{Args, Command};
use output::complain;

/// What a command needs of the process it runs in.
struct Process {
    /// The environment; variables that are not text are left out.
    environment: BTreeMap<String, String>,
}

/// Runs the command that the process was started with. This is the whole of the binary:
///
/// ```no_run
/// use mission_control::app::cli;
///
/// fn main() -> std::process::ExitCode {
///     cli::main()
/// }
/// ```
#[must_use]
pub fn main() -> ExitCode {
    let args = match Args::try_parse().and_then(Args::checked) {
        Ok(args) => args,
        Err(error) => {
            let failed = error.use_stderr();
            // Help goes to where it can be read; without a terminal there is nobody to tell.
            let _unprinted = error.print();
            return if failed { ExitCode::from(2) } else { ExitCode::SUCCESS };
        }
    };
    let process = Process { environment: environment() };
    let command = args.into_command();
    let done = match &command {
        Command::Serve(args) => serve::run(args, &process),
        Command::Link(args) => link::run(args, &process),
        Command::Token(args) => token::run(args, &process),
        Command::Check(args) => check::run(args, &process),
        Command::Watch(args) => watch::run(args, &process),
        Command::Report(args) => report::run(args, &process),
        Command::Run(args) => return run::run(args, &process),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => complain(1, failure.text()),
    }
}
