//! What a client may send, as any bytes at all: the checks are the codec's own.

#![no_main]

use libfuzzer_sys::fuzz_target;
use mission_control::adapters::ws::check_frames;

fuzz_target!(|data: &[u8]| check_frames(data));
