//! An address or a block of addresses (CIDR), for `server.trusted_proxies`. Whoever is in it is
//! believed about `X-Forwarded-For`, so a block that says two things at once (`10.0.0.1/8`) is
//! refused rather than guessed at.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

/// A block of addresses with a common beginning; a single address is a block of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    prefix: u8,
}

/// Why a text is not a [`Network`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NetworkError {
    /// The part before `/` is not an IP address.
    #[error("not an IP address")]
    Address,
    /// The part after `/` is not a number, or longer than the address.
    #[error("the length after `/` must be 0 to 32, or 0 to 128 for IPv6")]
    Prefix,
    /// Bits are set beyond the length, so it is unclear which block is meant.
    #[error("the address has bits beyond its length")]
    HostBits,
}

impl Network {
    /// Whether the address is in this block. An IPv4 address that came in through an IPv6 socket
    /// (`::ffff:10.0.0.1`) counts as IPv4.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(_), IpAddr::V4(_)) | (IpAddr::V6(_), IpAddr::V6(_)) => {
                start(address.to_canonical(), self.prefix) == bits(self.address)
            }
            _ => false,
        }
    }
}

impl FromStr for Network {
    type Err = NetworkError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| NetworkError::Address)?;
        let longest = longest(address);
        let prefix = match prefix {
            None => longest,
            // `u8::from_str` would take a plus sign.
            Some(digits) if !digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                return Err(NetworkError::Prefix);
            }
            Some(digits) => digits.parse().map_err(|_| NetworkError::Prefix)?,
        };
        if prefix > longest {
            return Err(NetworkError::Prefix);
        }
        if start(address, prefix) != bits(address) {
            return Err(NetworkError::HostBits);
        }
        Ok(match (address, address.to_canonical()) {
            // Peers are compared in their IPv4 form; without this the block could never match.
            (IpAddr::V6(_), canonical @ IpAddr::V4(_)) if prefix >= 96 => {
                Self { address: canonical, prefix: prefix.saturating_sub(96) }
            }
            _ => Self { address, prefix },
        })
    }
}

impl fmt::Display for Network {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.prefix == longest(self.address) {
            write!(formatter, "{}", self.address)
        } else {
            write!(formatter, "{}/{}", self.address, self.prefix)
        }
    }
}

fn longest(address: IpAddr) -> u8 {
    if address.is_ipv4() { 32 } else { 128 }
}

fn bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u128::from(address.to_bits()),
        IpAddr::V6(address) => address.to_bits(),
    }
}

/// The first address of the block of this length that holds the address.
fn start(address: IpAddr, prefix: u8) -> u128 {
    let host = u32::from(longest(address).saturating_sub(prefix));
    // Shifting by the full width is not defined, and then no bit is left anyway.
    let beyond = u128::MAX.checked_shl(host).map_or(u128::MAX, |mask| !mask);
    bits(address) & !beyond
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_holds_its_addresses_and_no_other() {
        for (network, inside, outside) in [
            ("10.0.0.0/8", "10.255.0.1", "11.0.0.0"),
            ("192.168.1.7", "192.168.1.7", "192.168.1.8"),
            ("192.168.1.4/30", "192.168.1.7", "192.168.1.8"),
            ("10.0.0.0/8", "::ffff:10.1.2.3", "::10.1.2.3"),
            ("::ffff:10.0.0.0/104", "10.1.2.3", "11.0.0.1"),
            ("fd00::/8", "fdff::1", "fe00::1"),
            ("::1", "::1", "::2"),
            ("0.0.0.0/0", "255.1.2.3", "::1"),
            ("::/0", "ff::1", "1.2.3.4"),
        ] {
            let parsed: Network = network.parse().unwrap();
            assert!(parsed.contains(inside.parse().unwrap()), "{network} holds {inside}");
            assert!(!parsed.contains(outside.parse().unwrap()), "{network} does not hold {outside}");
        }
    }

    #[test]
    fn what_is_not_one_clear_block_is_refused() {
        for (text, error) in [
            ("", NetworkError::Address),
            ("proxy.example", NetworkError::Address),
            ("10.0.0.0/", NetworkError::Prefix),
            ("10.0.0.0/33", NetworkError::Prefix),
            ("10.0.0.0/+8", NetworkError::Prefix),
            ("10.0.0.0/8/8", NetworkError::Prefix),
            ("::/129", NetworkError::Prefix),
            ("::/256", NetworkError::Prefix),
            ("10.0.0.1/8", NetworkError::HostBits),
            ("fd00::1/64", NetworkError::HostBits),
        ] {
            assert_eq!(text.parse::<Network>(), Err(error), "{text}");
        }
    }

    #[test]
    fn a_block_is_written_as_it_is_read() {
        for text in ["10.0.0.0/8", "10.0.0.1", "fd00::/8", "::1", "::/0"] {
            assert_eq!(text.parse::<Network>().unwrap().to_string(), text);
        }
    }
}
