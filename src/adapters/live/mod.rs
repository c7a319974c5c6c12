//! What the live transports share: the ring of the last events, copies of the fleet that were made into
//! bytes once for all who read them, and a publisher for transports that have a task for each
//! connection. Nothing here knows how a transport carries bytes.
//!
//! A transport gives its [`Readers`] to the node as its publisher, and each of its connections a [`Reader`]:
//!
//! ```
//! use mission_control::adapters::live::{Dismissal, Encode, Entry, Reader, Readers, Step, first_beat};
//! use mission_control::adapters::wire::frame;
//! use mission_control::domain::cursor::Seq;
//! use mission_control::domain::event::{Event, Recorded};
//! use mission_control::domain::farewell::Farewell;
//! use mission_control::domain::grant::{Grant, Scope, Scopes};
//! use mission_control::domain::id::{AgentId, ConnectionId};
//! use mission_control::domain::registry::Audience;
//! use mission_control::domain::time::Moment;
//! use mission_control::domain::{interest::Interest, pattern::Patterns, view::View};
//! use mission_control::ports::event_publisher::{Delivery, EventPublisher};
//! use std::{sync::Arc, time::Duration};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let as_json: Encode = frame::event;
//! let readers = Arc::new(Readers::new(100, as_json));
//! let grant = Grant { scopes: Scopes::of([Scope::Watch]), agents: Patterns::all() };
//! let view = Arc::new(View::new(grant, Interest::all()));
//! let id = ConnectionId::parse("c1")?;
//! let mut reader: Reader = readers.join(id, Seq::ZERO, view);
//!
//! let event = Event::AgentRemoved(AgentId::parse("a1")?);
//! let recorded = Arc::new(Recorded { seq: Seq::new(1), at: Moment::default(), event });
//! readers.publish(&[Delivery { recorded, audience: Audience::default() }]);
//! let Step::Events(entries) = reader.next().await else { panic!("it was there") };
//! let first: &Entry = &entries[0];
//! assert!(first.frame().starts_with(b"{\"type\":\"agent:removed\""), "encoded once, for all readers");
//!
//! readers.dismiss(id, Farewell::Restart, None);
//! let Step::Dismissed(why) = reader.next().await else { panic!("it is to end") };
//! assert_eq!(why, Dismissal::from(Farewell::Restart));
//! assert!(first_beat(id, Duration::from_secs(30)) < Duration::from_secs(30));
//! # Ok(())
//! # }
//! ```
//!
//! A copy of the fleet is encoded once for all who see the same, and read part by part:
//!
//! ```
//! use mission_control::adapters::live::{Copies, Encoding, Part, Parts};
//! use mission_control::domain::grant::{Grant, Scope, Scopes};
//! use mission_control::domain::{cursor::Seq, fleet::Fleet, interest::Interest, pattern::Patterns, view::View};
//! use mission_control::ports::live_feed::Material;
//! use std::sync::Arc;
//!
//! let lines: Encoding = |json, _cursor, part| part.extend_from_slice(&[json, b"\n"].concat());
//! let copies = Arc::new(Copies::new(lines));
//! let grant = Grant { scopes: Scopes::of([Scope::Watch]), agents: Patterns::all() };
//! let material = Material::Fleet(Arc::new(Fleet::default()));
//! let view = Arc::new(View::new(grant, Interest::all()));
//! let mut parts = Parts::open(&copies, material, view);
//! let broken_off = parts.broken_off(Seq::new(7));
//! assert_eq!(broken_off, (Seq::new(7), None), "half a copy is worth nothing");
//! while let Some(part) = parts.read() {
//!     match part {
//!         Part::Bytes(bytes) => assert!(bytes.is_empty(), "nobody is in this fleet"),
//!         Part::End(counted) => {
//!             assert_eq!(counted.agents, 0);
//!             break;
//!         }
//!     }
//! }
//! ```
//!
//! Below both are a [`Ring`] of the last events, and [`Early`] ends of connections that are still to come:
//!
//! ```
//! use mission_control::adapters::live::{Dismissal, Early, Found, Ring};
//! use mission_control::adapters::wire::frame;
//! use mission_control::domain::cursor::Seq;
//! use mission_control::domain::event::{Event, Recorded};
//! use mission_control::domain::farewell::Farewell;
//! use mission_control::domain::id::{AgentId, ConnectionId};
//! use mission_control::domain::time::Moment;
//! use std::sync::Arc;
//!
//! let mut ring = Ring::new(2, frame::event);
//! for seq in 1..=3 {
//!     let event = Event::AgentRemoved(AgentId::parse("a1").unwrap());
//!     ring.push(Arc::new(Recorded { seq: Seq::new(seq), at: Moment::default(), event }));
//! }
//! assert!(matches!(ring.after(Seq::new(2), 10), Found::Next(entries) if entries.len() == 1));
//! assert!(matches!(ring.after(Seq::ZERO, 10), Found::FellOut), "the first is no longer held");
//!
//! let (mut early, id) = (Early::default(), ConnectionId::parse("c1").unwrap());
//! early.keep(id, Dismissal::from(Farewell::Restart));
//! assert!(early.take(id).is_some() && early.take(id).is_none());
//! ```

mod copies;
mod copy;
mod early;
mod parts;
mod readers;
mod ring;
mod slot;
mod source;

pub use copies::Copies;
pub use copy::{Encoding, Part};
pub use early::Early;
pub use parts::Parts;
pub use readers::{Reader, Readers, Step, first_beat};
pub use ring::{Encode, Entry, Found, Ring};
pub use slot::Dismissal;
