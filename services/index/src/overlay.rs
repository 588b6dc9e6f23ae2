//! What changed since a segment was written.

use bytes::Bytes;

use crate::build::{BuildError, Builder};
use crate::format::OVERLAY_MAGIC;
use crate::packed::Packed;
use crate::segment::{Hit, Segment, SegmentError};

/// The reason removeFromCRL of RFC 5280 section 5.3.1: an entry of a delta that takes its serial off the list.
pub const REMOVE_FROM_CRL: u8 = 8;

/// Collects the entries of a delta and writes them as an overlay, in the memory that [`Builder`] needs.
#[derive(Debug, Default)]
pub struct OverlayBuilder(Builder);

impl OverlayBuilder {
    /// Without a change.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an entry of a delta, as [`Builder::push`]: the serial is revoked, and if it was before, this is what counts
    /// now. With the reason [`REMOVE_FROM_CRL`] it is no longer revoked.
    pub fn push(&mut self, serial: &[u8], revoked_at: i64, reason: u8) -> Result<(), BuildError> {
        self.0.push(serial, revoked_at, reason)
    }

    /// The serial is no longer revoked.
    pub fn remove(&mut self, serial: &[u8]) -> Result<(), BuildError> {
        self.0.push(serial, 0, REMOVE_FROM_CRL)
    }

    /// Writes the overlay. A serial that is both revoked and removed is one that occurs twice.
    pub fn finish(self) -> Result<Vec<u8>, BuildError> {
        self.0.finish_as(OVERLAY_MAGIC)
    }
}

/// What an overlay says about a serial.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// It is revoked, whatever the segment under it says.
    Revoked(Hit),
    /// It is not revoked, whatever the segment under it says.
    Removed,
}

impl Change {
    fn of(hit: Hit) -> Self {
        if hit.reason == REMOVE_FROM_CRL {
            Self::Removed
        } else {
            Self::Revoked(hit)
        }
    }

    /// The revocation, if it is one.
    pub fn hit(self) -> Option<Hit> {
        match self {
            Self::Revoked(hit) => Some(hit),
            Self::Removed => None,
        }
    }
}

/// The changes of a delta: a small exact map in the forms of a segment, with a magic of its own, so that neither is ever
/// taken for the other. Cloning shares the bytes.
#[derive(Clone)]
pub struct Overlay(Segment);

impl Overlay {
    /// Checks a serialised overlay as [`Segment::open`] does a segment.
    pub fn open(bytes: impl Into<Bytes>) -> Result<Self, SegmentError> {
        Segment::open_as(OVERLAY_MAGIC, bytes.into()).map(Self)
    }

    /// What changed about a serial, if anything did.
    pub fn change(&self, serial: &[u8]) -> Option<Change> {
        self.0.lookup(serial).map(Change::of)
    }

    /// How many serials it changes.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether it changes nothing.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// How many changes, and none of them.
impl std::fmt::Debug for Overlay {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Overlay({} changes)", self.len())
    }
}

/// A segment and the changes over it, as one: put both behind one `Arc` and replace that, and no lookup ever meets the
/// one without the other.
#[derive(Clone, Debug)]
pub struct Layered {
    base: Segment,
    /// None that is empty.
    overlay: Option<Overlay>,
}

impl Layered {
    /// With changes.
    pub fn new(base: Segment, overlay: Overlay) -> Self {
        let overlay = Some(overlay).filter(|overlay| !overlay.is_empty());
        Self { base, overlay }
    }

    /// The segment under the changes.
    pub fn base(&self) -> &Segment {
        &self.base
    }

    /// How many serials are changed.
    pub fn changes(&self) -> usize {
        self.overlay.as_ref().map_or(0, Overlay::len)
    }

    /// [`Segment::lookup`], the changes first.
    pub fn lookup(&self, serial: &[u8]) -> Option<Hit> {
        let change = self.overlay.as_ref().and_then(|it| it.change(serial));
        change.map_or_else(|| self.base.lookup(serial), Change::hit)
    }

    /// [`Segment::lookup_batch`], the changes first. Takes memory for the changes that are met, and none without.
    pub fn lookup_batch(&self, serials: Packed<'_>, mut on_hit: impl FnMut(usize, Hit)) {
        let Some(Overlay(overlay)) = &self.overlay else {
            return self.base.lookup_batch(serials, on_hit);
        };
        let mut changes = Vec::new();
        overlay.lookup_batch(serials, |position, hit| {
            changes.push((position, Change::of(hit)));
        });
        // Both tell their hits in order, so they are merged, a change in the place of what it changes.
        let mut changes = changes.into_iter().peekable();
        self.base.lookup_batch(serials, |position, hit| {
            while let Some((at, change)) = changes.next_if(|(at, _)| *at < position) {
                if let Some(hit) = change.hit() {
                    on_hit(at, hit);
                }
            }
            let change = changes.next_if(|(at, _)| *at == position);
            if let Some(hit) = change.map_or(Some(hit), |(_, change)| change.hit()) {
                on_hit(position, hit);
            }
        });
        for (at, change) in changes {
            if let Some(hit) = change.hit() {
                on_hit(at, hit);
            }
        }
    }
}

/// Without changes.
impl From<Segment> for Layered {
    fn from(base: Segment) -> Self {
        let overlay = None;
        Self { base, overlay }
    }
}
