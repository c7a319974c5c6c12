//! What the hub promises: in order and never twice, copy and registration in one step, an index that
//! stays right, bounds, and no silent gap when the log fails.

mod beginning;
mod folding;
mod interleaving;
mod marks;
mod sharing;
mod together;
mod without_log;
