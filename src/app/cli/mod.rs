//! The command line: what each command does.

pub mod args;
