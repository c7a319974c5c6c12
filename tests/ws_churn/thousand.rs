//! A thousand connections come and go at the real binary; its descriptors and memory stay.

use std::time::Duration;

use tokio::time::timeout;

use crate::binary::Binary;
use crate::support::fold::Fold;
use crate::support::raw::RawSocket;

/// Comings and goings before anything is measured: buffers, threads and tables find their size.
const WARM_UP: usize = 200;
const CYCLES: usize = 1000;
/// What the resident memory may grow by over all cycles: 2 KiB for each. What a connection keeps apart
/// from its socket (its place in the registry, its slot, its task) is more than that, so a leak of any
/// of them would be seen; the allocator's own holes were a few KiB when this was written.
const GROWTH_MAX_KIB: u64 = 2 * 1024;

/// So many connections, ten at a time, that end in different ways.
async fn churn(binary: &Binary, watch: &str, cycles: usize) {
    for round in 0..cycles / 10 {
        let (mut screens, mut raw) = (Vec::new(), Vec::new());
        for _ in 0..5 {
            screens.push(Box::pin(Fold::open(binary.address, "/ws", watch)).await.1);
            raw.push(Box::pin(RawSocket::open(binary.address, watch)).await);
        }
        for (place, mut screen) in screens.into_iter().enumerate() {
            if (round + place) % 2 == 0 {
                let _answered = screen.socket.close(None).await;
            }
        }
        for (place, mut socket) in raw.into_iter().enumerate() {
            socket.until_type("sync:end").await;
            if (round + place) % 2 == 0 {
                socket.reset();
            }
        }
    }
}

/// Waits until nobody is connected and the descriptors are so many.
async fn quiet(binary: &Binary, admin: &str, descriptors: Option<usize>) {
    let quiet = async {
        while binary.connections(admin).await > 0
            || descriptors.is_some_and(|expected| binary.descriptors() != expected)
        {
            tokio::task::yield_now().await;
        }
    };
    let left = timeout(Duration::from_secs(10), quiet).await;
    assert!(
        left.is_ok(),
        "{} connections and {} descriptors are left, expected {descriptors:?}",
        binary.connections(admin).await,
        binary.descriptors()
    );
}

#[tokio::test]
async fn a_thousand_connects_and_disconnects_leave_memory_and_descriptors_where_they_were() {
    // Connections without a cursor read no log. The one on disk is looked through in the background, in a file that
    // may be opened after the first count.
    let binary = Binary::serve(&[("log.kind", "memory")]).await;
    let tokens = crate::support::TestServer::start().await;
    let (watch, admin) = (tokens.token("u1", "watch"), tokens.token("root", "admin"));
    let at_start = binary.descriptors();
    Box::pin(churn(&binary, &watch, WARM_UP)).await;
    quiet(&binary, &admin, None).await;
    quiet(&binary, &admin, Some(at_start)).await;
    let resident = binary.resident_kib();
    Box::pin(churn(&binary, &watch, CYCLES)).await;
    quiet(&binary, &admin, Some(at_start)).await;
    let grown = binary.resident_kib().saturating_sub(resident);
    println!("{CYCLES} cycles: {at_start} descriptors, {resident} KiB resident, {grown} KiB more after");
    assert!(grown < GROWTH_MAX_KIB, "the memory grew from {resident} KiB by {grown} KiB");
    assert_eq!(binary.connections(&admin).await, 0);
}
