//! The binary: hands the arguments to the app and returns its exit code.
fn main() {}
