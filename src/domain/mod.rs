//! The core. Pure: no async, no I/O, no clock, no logging, no JSON text. Time is an argument.
