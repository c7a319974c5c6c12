//! `watch`: the live fleet in a terminal, as a table, as lines or as JSON, over all losses of the connection.

mod draw;
mod keys;
mod table;
mod terminal;

use std::io::IsTerminal;

use super::Process;
use super::args::WatchArgs;
use super::client::{Server, server};
use super::output::Failure;
use crate::app::run;
use crate::app::watch::{Stopped, plain};
use crate::domain::grant::Scope;
use crate::ports::live_source::Ask;
use crate::ports::transport::Stop;
use table::Table;
use terminal::Terminal;

pub(super) fn run(args: &WatchArgs, process: &Process) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let watched = runtime.block_on(watch(args, process));
    // A line that nobody takes may still be under way; it is not waited for.
    runtime.shutdown_background();
    watched
}

async fn watch(args: &WatchArgs, process: &Process) -> Result<(), Failure> {
    let Server { url, tokens } = server(&args.client, Scope::Watch, process)?;
    let named = |items: &[String]| items.iter().filter(|item| !item.is_empty()).cloned().collect();
    let ask = Ask { after: None, agents: named(&args.agents), types: named(&args.types) };
    let stop = run::stop_signal()?;
    // Some of the words are the server's.
    let why = |stopped: Stopped| Failure::new(plain(&stopped.to_string()));
    if !shows_table(args, process) {
        let watch = run::watch(&url, tokens, ask, Terminal::new(args.json))?;
        return watch.run(stop).await.map_err(why);
    }
    let no_colour = process.environment.get("NO_COLOR").is_some_and(|value| !value.is_empty());
    let leave = run::leave_signal()?;
    let table = Table::new(plain(&url), !no_colour);
    let watch = run::watch(&url, tokens, ask, table.screen())?;
    let (open, quit) = table
        .open()
        .map_err(|error| Failure::new(format!("the terminal cannot show a table ({error}). Try --lines")))?;
    let stop: Stop = Box::pin(async move {
        tokio::select! {
            () = stop => {}
            () = quit => {}
            () = leave => {}
        }
    });
    let watched = watch.run(stop).await;
    // The terminal is given back before the last words, which are to stay on it.
    let closed = open.close().await;
    watched.map_err(why)?;
    closed.map_err(|error| Failure::new(format!("the table failed: {error}. Try --lines")))
}

/// A table is for people at a terminal that can move its cursor.
fn shows_table(args: &WatchArgs, process: &Process) -> bool {
    let moves_cursor = process.environment.get("TERM").is_some_and(|term| !term.is_empty() && term != "dumb");
    !args.json && !args.lines && moves_cursor && std::io::stdout().is_terminal()
}
