//! What may be wrong in a world: one fault at a time, each of which the checker has to find.

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The way to a screen loses an event now and then.
    EventDropped,
    /// A resume begins with the event that was applied last.
    ResumeRepeats,
    /// A resume begins behind the first event that was missed.
    ResumeSkips,
    /// Two events of one write change places.
    EventsSwapped,
    /// A screen takes the position of a copy before the copy is whole.
    CursorTooEarly,
    /// The view is left out of a cursor, so that a wider one goes on.
    ViewForgotten,
    /// A delta has no removals.
    RemovalsForgotten,
    /// A copy goes on for ever.
    CopyEndless,
    /// A snapshot is taken from the drawer where an older one lies.
    SnapshotOld,
    /// A screen is sent what its grant hides.
    HiddenShown,
    /// A screen gets heartbeats, and no event any more.
    Frozen,
    /// The disk says that it has the last events, and after a crash it has not.
    SeqReused,
    /// Answers go out while the disk still works.
    AnsweredEarly,
    /// A restart forgets idempotency keys.
    KeysForgotten,
    /// A key is taken for any report.
    KeysUnchecked,
    /// A history is put back, and keeps its epoch.
    EpochKept,
    /// Nobody looks at leases.
    LeasesForgotten,
    /// A connection that is gone still stands for the life of its agents.
    SocketsKept,
    /// Events that were let go are left out of what is read, and nothing is said of it.
    GapUnsaid,
}
