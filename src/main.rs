//! The binary: hands over to the command line.

fn main() -> std::process::ExitCode {
    mission_control::app::cli::main()
}
