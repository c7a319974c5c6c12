//! Settings that are one word out of a few. The words are exact: case counts.

use config::ValueKind;

use super::setting::{Item, Setting, text};

macro_rules! choice {
    ($(#[$about:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $name {
            $($(#[$doc])* $variant),+
        }

        impl $name {
            /// The word as it stands in the settings.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $text),+
                }
            }

            fn from_name(name: &str) -> Option<Self> {
                match name {
                    $($text => Some(Self::$variant),)+
                    _ => None,
                }
            }
        }

        impl Setting for $name {
            fn read(raw: &ValueKind) -> Option<Self> {
                Self::from_name(text(raw)?)
            }
        }
    };
}

choice! {
    /// Where events are kept (`log.kind`).
    LogKind {
        /// In memory: gone with the process.
        Memory = "memory",
        /// On disk.
        Disk = "disk",
        /// In NATS JetStream. Not built yet.
        Nats = "nats",
    }
}

choice! {
    /// When an event counts as kept (`log.durability`).
    Durability {
        /// Once the disk has it.
        Fsync = "fsync",
        /// Once the operating system has it.
        Os = "os",
    }
}

choice! {
    /// How log lines look (`telemetry.log`).
    LogFormat {
        /// For people.
        Pretty = "pretty",
        /// One JSON object a line.
        Json = "json",
    }
}

choice! {
    /// How much is logged (`telemetry.level`).
    Level {
        /// Nothing.
        Off = "off",
        /// What went wrong.
        Error = "error",
        /// And what may go wrong.
        Warn = "warn",
        /// And what happens.
        Info = "info",
        /// And why.
        Debug = "debug",
        /// And every step.
        Trace = "trace",
    }
}

choice! {
    /// What a token may be signed with (`auth.algorithms`).
    Algorithm {
        /// HMAC with a shared secret.
        Hs256 = "HS256",
        /// RSA.
        Rs256 = "RS256",
        /// ECDSA on P-256.
        Es256 = "ES256",
        /// Ed25519.
        EdDsa = "EdDSA",
    }
}

impl Algorithm {
    /// Whether whoever checks a token could also sign one.
    #[must_use]
    pub const fn is_symmetric(self) -> bool {
        matches!(self, Self::Hs256)
    }
}

impl Item for Algorithm {
    const MAY_BE_EMPTY: bool = false;

    fn item(text: &str) -> Option<Self> {
        Self::from_name(text)
    }
}

choice! {
    /// What a token without a `scope` may do (`auth.default_scope`).
    Scope {
        /// See the fleet.
        Watch = "watch",
        /// Report about agents.
        Report = "report",
        /// Remove agents, close connections, revoke tokens.
        Admin = "admin",
    }
}

impl Item for Scope {
    const MAY_BE_EMPTY: bool = false;

    // Scopes stand in a token with spaces between them, so they may stand so here too.
    fn split(text: &str) -> Vec<&str> {
        text.split([',', ' ']).filter(|scope| !scope.is_empty()).collect()
    }

    fn item(text: &str) -> Option<Self> {
        Self::from_name(text)
    }
}
