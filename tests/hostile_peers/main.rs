//! Peers that mean no good before and beside the stream, as raw bytes, each test named for its threat.
//!
//! Tested elsewhere and not again here: S11 `ws_handshake`, `after_twenty_refusals_in_a_second_…`; S13
//! `http_limits`, `the_address_of_a_stranger_is_its_own_…`; S31 `http_limits`, `a_head_may_have_64_fields_…`,
//! `a_head_may_have_16_kib_…`, `a_uri_may_have_4096_bytes_…`; S33 `http_limits`, `what_two_readers_could_read_…`
//! and `chunks_win_over_a_length_…`; S34 `http_limits`, `http_2_is_not_spoken`; S35 `http_limits`,
//! `a_body_too_large_…`, and `http_reports`, `what_is_not_json_…`, `a_wrong_head_gets_its_code_…`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking, also in its helpers"
)]

#[path = "../support/binary.rs"]
#[allow(dead_code, reason = "each target uses a part of it")]
mod binary;
#[path = "../support/mod.rs"]
mod support;

mod heads;
mod silent;
mod stalled;
