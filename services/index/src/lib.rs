//! The exact set of revoked serials of one list, compact and immutable.
//!
//! A segment is built once from a verified list, stored as bytes, and looked up in those same
//! bytes by every replica: nothing is decoded into objects, so opening one costs a pass over the
//! bytes and a lookup about one access to memory. Records hold the full serial, so an answer is
//! exact by construction; there is no filter that could be wrong, and nothing lists the serials.
//!
//! ```
//! let entries = [index::Entry { serial: &[0x12, 0x34], revoked_at: 1_700_000_000, reason: 1 }];
//! let segment = index::Segment::open(index::build(&entries)?)?;
//! assert_eq!(segment.lookup(&[0x12, 0x34]).map(|hit| hit.reason), Some(1));
//! assert_eq!(segment.lookup(&[0x12, 0x35]), None);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod build;
mod format;
mod segment;

pub use build::{BuildError, Entry, build};
pub use segment::{Hit, Segment, SegmentError};
