//! Names of signals, as people know them.

/// The first realtime signal that programs may use: the C library keeps the two before it.
#[cfg(target_os = "linux")]
const REALTIME_FIRST: i32 = 34;
/// The last realtime signal.
#[cfg(target_os = "linux")]
const REALTIME_LAST: i32 = 64;

/// `SIGKILL` for 9, `SIGRTMIN+3` for 37; a number without a name is `SIG` and the number.
pub(super) fn name(number: i32) -> String {
    if let Some(name) = signal_hook::low_level::signal_name(number) {
        return name.to_owned();
    }
    #[cfg(target_os = "linux")]
    {
        use rustix::process::Signal;
        if let Some(above) = number.checked_sub(REALTIME_FIRST)
            && (REALTIME_FIRST..=REALTIME_LAST).contains(&number)
        {
            return if above == 0 { "SIGRTMIN".to_owned() } else { format!("SIGRTMIN+{above}") };
        }
        if number == Signal::POWER.as_raw() {
            return "SIGPWR".to_owned();
        }
        #[cfg(any(
            target_arch = "x86_64",
            target_arch = "x86",
            target_arch = "aarch64",
            target_arch = "arm"
        ))]
        if number == Signal::STKFLT.as_raw() {
            return "SIGSTKFLT".to_owned();
        }
    }
    format!("SIG{number}")
}
