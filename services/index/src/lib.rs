//! The exact set of revoked serials of one list, compact and immutable.
//!
//! A segment is built once from a verified list, stored as bytes, and looked up in those same
//! bytes by every replica: nothing is decoded into objects, so opening one costs two passes over the
//! bytes and a lookup about one access to memory. Every answer is exact by construction: either a
//! serial is a place in a bitmap, or all of it is compared. Nothing lists the serials: what left a list goes from one
//! segment into another one ([`Departures`]).
//!
//! ```
//! let mut builder = index::Builder::new();
//! builder.push(&[0x12, 0x34], 1_700_000_000, 1)?;
//! let segment = index::Segment::open(builder.finish()?)?;
//! assert_eq!(segment.lookup(&[0x12, 0x34]).map(|hit| hit.reason), Some(1));
//! assert_eq!(segment.lookup(&[0x12, 0x35]), None);
//!
//! // Many at once: serials of one width, end to end.
//! let mut revoked = Vec::new();
//! let asked = index::Packed::new(2, &[0x12, 0x35, 0x12, 0x34])?;
//! segment.lookup_batch(asked, |position, _| revoked.push(position));
//! assert_eq!(revoked, [1]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod block;
mod buffer;
mod build;
mod dense;
mod departures;
mod directory;
mod each;
mod find;
mod format;
mod hashed;
mod large_pages;
mod packed;
mod prefetch;
mod reading;
mod records;
mod segment;
mod serial;

pub use buffer::SegmentBuffer;
pub use build::{BuildError, Builder, Entry, build};
pub use departures::{DepartureError, Departures};
pub use each::find_in_each;
pub use find::Find;
pub use packed::{Packed, PackedError};
pub use prefetch::prefetch;
pub use segment::{Hit, Segment, SegmentError};
