//! Reports as they come in: what is taken, what is refused and with which words.

mod batches;
mod fuzz;
mod sameness;
mod shape;
mod taken;
mod wrong;

use super::*;

const STATUS: Target<'_> = Target { kind: Kind::Status, agent: "a1", session: None };
const LIFECYCLE: Target<'_> = Target { kind: Kind::Lifecycle, agent: "a1", session: None };
const ACTIVITY: Target<'_> = Target { kind: Kind::Activity, agent: "a1", session: Some("s1") };
const HEARTBEAT: Target<'_> = Target { kind: Kind::Heartbeat, agent: "a1", session: None };

fn limits() -> Limits {
    Limits::default()
}

/// Reads one body as if it came by its own path.
fn post(target: Target<'_>, body: impl AsRef<[u8]>) -> Result<Submission, Vec<Fault>> {
    single(target, body.as_ref(), None, &limits())
}

/// Reads one report that says everything itself.
fn said(report: &str) -> Result<Submission, Vec<Fault>> {
    item(serde_json::from_str(report).unwrap(), &limits())
}

fn spots(faults: &[Fault]) -> Vec<(Code, &str)> {
    faults.iter().map(|fault| (fault.code, fault.pointer.as_deref().unwrap_or("-"))).collect()
}

/// The refusal: codes and pointers of all faults, in order.
#[track_caller]
fn refused(read: Result<Submission, Vec<Fault>>, expected: &[(Code, &str)], what: &str) {
    let faults = read.expect_err(what);
    assert_eq!(spots(&faults), expected, "{what}: {faults:?}");
    for fault in &faults {
        assert!(fault.detail.len() < 200 && !fault.detail.is_empty(), "{what}: {fault:?}");
    }
}
