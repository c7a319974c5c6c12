//! Masking, RFC 6455 section 5.3: byte `i` of a payload is combined with byte `i % 4` of the key.

/// A masking key, turned so that its first byte meets the next byte of the payload.
pub(super) type Key = [u8; 4];

/// Appends what `masked` hides to `out`, whose capacity stays under `ceiling` if what it holds does. Gives
/// the key for the bytes that follow.
pub(super) fn append(out: &mut Vec<u8>, masked: &[u8], key: Key, ceiling: usize) -> Key {
    let (before, after) = (out.len(), out.len().saturating_add(masked.len()));
    if after > out.capacity() {
        let amortised = out.capacity().saturating_mul(2).min(ceiling);
        out.reserve_exact(after.max(amortised) - before);
    }
    out.extend_from_slice(masked);
    apply(out.split_at_mut(before).1, key)
}

/// Masks or unmasks in place, and gives the key for the bytes that follow.
pub(super) fn apply(bytes: &mut [u8], mut key: Key) -> Key {
    let [a, b, c, d] = key;
    let wide = u64::from_ne_bytes([a, b, c, d, a, b, c, d]);
    let (blocks, rest) = bytes.as_chunks_mut::<8>();
    for block in blocks {
        *block = (u64::from_ne_bytes(*block) ^ wide).to_ne_bytes();
    }
    for (byte, mask) in rest.iter_mut().zip(key.iter().cycle()) {
        *byte ^= mask;
    }
    key.rotate_left(rest.len() % 4);
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plainly(bytes: &[u8], key: Key) -> Vec<u8> {
        bytes.iter().enumerate().map(|(at, byte)| byte ^ key[at % 4]).collect()
    }

    #[test]
    fn however_it_is_cut_every_byte_meets_its_part_of_the_key() {
        let key = [0x37, 0xFA, 0x21, 0x3D];
        let bytes: Vec<u8> = (0..=40).collect();
        for first in 0..bytes.len() {
            for second in first..bytes.len() {
                let mut out = Vec::new();
                let mut turned = key;
                for part in [&bytes[..first], &bytes[first..second], &bytes[second..]] {
                    turned = append(&mut out, part, turned, usize::MAX);
                }
                assert_eq!(out, plainly(&bytes, key), "cut at {first} and {second}");
            }
        }
    }

    #[test]
    fn the_buffer_grows_with_what_came_and_never_past_the_ceiling() {
        let mut out = Vec::new();
        let mut grown = 0;
        for _ in 0..1000 {
            let before = out.capacity();
            append(&mut out, b"x", [0; 4], 1000);
            grown += usize::from(out.capacity() != before);
            assert!(out.capacity() <= 1000 && out.capacity() <= out.len() * 2);
        }
        assert!(grown <= 11, "it grew {grown} times");
    }
}
