//! What left a list: its stored index is read piece by piece and compared with the next one's.

use index::{Builder, DepartureError, Departures, Segment};
use store::{CrlWriter, CurrentSegment, NewHeld, NewSegment, Piece, SegmentPieces, StoreError};

use crate::apply::Prepared;
use crate::delta;
use crate::outcome::SyncError;
use crate::removals::{DAY, RemovalLimits};
use crate::verify::aside;

/// What came of comparing the list in force with the next one.
#[derive(Debug)]
pub(crate) enum Compared {
    /// What is stored of the list in force cannot be read as what was stored.
    Unknown,
    Known(Box<Left>),
}

/// What left the list in force.
#[derive(Debug, Default)]
pub(crate) struct Left {
    /// The certificates of the list in force that are not on the next one.
    pub(crate) departed: Serials,
    /// Whether they are too many, and so among those that are held.
    pub(crate) are_held: bool,
    /// What is held from now on.
    held: Serials,
}

/// A segment; without octets where there is nobody in it.
#[derive(Debug, Default)]
pub(crate) struct Serials {
    segment: Vec<u8>,
    pub(crate) count: u64,
}

/// Without a list in force, nothing left.
impl Default for Compared {
    fn default() -> Self {
        Self::Known(Box::default())
    }
}

impl Compared {
    /// How many certificates left, as far as that is known.
    pub(crate) fn departed_count(&self) -> Option<u64> {
        match self {
            Self::Unknown => None,
            Self::Known(left) => Some(left.departed.count),
        }
    }

    /// How many certificates are held from now on, over this list.
    pub(crate) fn held_count(&self, in_force: Option<&CurrentSegment>) -> u64 {
        match self {
            Self::Unknown => in_force
                .and_then(|current| current.held.as_ref())
                .map_or(0, |held| held.segment.entry_count),
            Self::Known(left) => left.held.count,
        }
    }

    /// For the store. `since`: thisUpdate of the first list that those held until now were missing from.
    pub(crate) fn departures(&self, since: Option<i64>, this_update: i64) -> store::Departures<'_> {
        match self {
            Self::Unknown => store::Departures::Unknown,
            Self::Known(left) => store::Departures::Known {
                departed: left.departed.as_new(),
                are_held: left.are_held,
                held: left.held.as_new().map(|segment| NewHeld {
                    since: since.unwrap_or(this_update),
                    segment,
                }),
            },
        }
    }
}

impl Serials {
    fn of(builder: Builder) -> Result<Self, SyncError> {
        if builder.is_empty() {
            return Ok(Self::default());
        }
        let count = builder.len() as u64;
        let segment = builder.finish()?;
        Ok(Self { segment, count })
    }

    /// These and others, of which none is among them.
    fn and(self, others: Builder) -> Result<Self, SyncError> {
        if others.is_empty() || self.count == 0 {
            let others = Self::of(others)?;
            return Ok(if self.count == 0 { others } else { self });
        }
        Self::of(joined(&self.segment, others)?)
    }

    fn opened(&self) -> Result<Option<Segment>, SyncError> {
        let opened = (self.count > 0).then(|| Segment::open(self.segment.clone()));
        Ok(opened.transpose()?)
    }

    fn as_new(&self) -> Option<NewSegment<'_>> {
        (self.count > 0).then_some(NewSegment {
            segment: &self.segment,
            entry_count: self.count,
        })
    }
}

/// Compares the list in force, as its delta list changes it, with the next one. `None`: one of them was replaced meanwhile.
///
/// What was held and is not on the next list stays held; what left now joins it if it is too much.
pub(crate) async fn compare(
    writer: &CrlWriter,
    current: &CurrentSegment,
    next: &Prepared,
    limits: &RemovalLimits,
) -> Result<Option<Compared>, SyncError> {
    let gathered = match gather(writer, current, next).await {
        Ok(gathered) => gathered,
        Err(Stopped::Replaced) => return Ok(None),
        Err(Stopped::Unreadable) => return Ok(Some(Compared::Unknown)),
        Err(Stopped::Failed(error)) => return Err(error),
    };
    let (departed, held) = gathered;
    let are_held = is_suspicious(writer, current, next, departed.count, limits).await?;
    aside(move || {
        let mut held = held;
        if are_held {
            held = joined(&departed.segment, held)?;
        }
        let held = Serials::of(held)?;
        Ok(Some(Compared::Known(Box::new(Left {
            departed,
            are_held,
            held,
        }))))
    })
    .await?
}

/// Why nothing was gathered.
enum Stopped {
    Replaced,
    Unreadable,
    Failed(SyncError),
}

impl<E: Into<SyncError>> From<E> for Stopped {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

/// Who left, and who of those held is still missing.
async fn gather(
    writer: &CrlWriter,
    current: &CurrentSegment,
    next: &Prepared,
) -> Result<(Serials, Builder), Stopped> {
    let mut newer = vec![next.index.clone()];
    let mut ending_delta = None;
    match &current.delta {
        // It stays over the next list.
        Some(delta) if delta::is_newer(delta, &next.facts) => {
            newer.push(loaded(writer.stored_pieces(&delta.segment)).await?);
        }
        Some(delta) => ending_delta = Some(&delta.segment),
        None => {}
    }
    let missing = async |pieces, newer: &[Segment]| {
        let departures = Departures::new(newer.to_vec(), Builder::new());
        match read(pieces, departures).await? {
            Read::All(left) => Ok(*left),
            Read::Replaced => Err(Stopped::Replaced),
            Read::Unreadable => Err(Stopped::Unreadable),
        }
    };
    let left_list = missing(writer.segment_pieces(current), &newer).await?;
    let left_list = aside(move || Serials::of(left_list)).await??;
    let departed = match ending_delta {
        None => left_list,
        Some(delta) => {
            // A certificate may be both on the list and on the delta list; it leaves once.
            let mut besides = newer.clone();
            besides.extend(left_list.opened()?);
            let left_delta = missing(writer.stored_pieces(delta), &besides).await?;
            aside(move || left_list.and(left_delta)).await??
        }
    };
    let held = match &current.held {
        None => Builder::new(),
        Some(held) => missing(writer.stored_pieces(&held.segment), &newer).await?,
    };
    Ok((departed, held))
}

/// A stored segment as a whole.
async fn loaded(mut pieces: SegmentPieces) -> Result<Segment, Stopped> {
    let mut all = Vec::new();
    loop {
        match pieces.next().await {
            Ok(Piece::Octets(octets)) => all.extend(octets),
            Ok(Piece::End) => break,
            Ok(Piece::Replaced) => return Err(Stopped::Replaced),
            Err(StoreError::Inconsistent { .. }) => return Err(Stopped::Unreadable),
            Err(error) => return Err(error.into()),
        }
    }
    Segment::open(all).map_err(|_| Stopped::Unreadable)
}

/// Whether more left than may, within a day up to the next list.
async fn is_suspicious(
    writer: &CrlWriter,
    current: &CurrentSegment,
    next: &Prepared,
    departed: u64,
    limits: &RemovalLimits,
) -> Result<bool, SyncError> {
    if departed == 0 {
        return Ok(false);
    }
    let this_update = next.facts.this_update;
    let recent = writer
        .recent_departures(&current.facts.source, this_update.saturating_sub(DAY))
        .await?;
    // What left within the day was there at its beginning.
    let in_force = u64::try_from(current.facts.entry_count).unwrap_or(0);
    let began = recent.since.unwrap_or(current.facts.this_update);
    let entries = in_force.saturating_add(recent.departed);
    let all = departed.saturating_add(recent.departed);
    Ok(all > limits.allowed(entries, this_update.saturating_sub(began)))
}

/// How reading a stored segment ended.
pub(crate) enum Read {
    All(Box<Builder>),
    Replaced,
    Unreadable,
}

pub(crate) async fn read(
    mut pieces: SegmentPieces,
    departures: Departures,
) -> Result<Read, SyncError> {
    let mut departures = departures;
    loop {
        match pieces.next().await {
            Ok(Piece::Octets(octets)) => {
                let walked = aside(move || departures.push(&octets).map(|()| departures)).await?;
                match walked {
                    Ok(walked) => departures = walked,
                    Err(_) => return Ok(Read::Unreadable),
                }
            }
            Ok(Piece::End) => {
                return Ok(match departures.finish() {
                    Ok(left) => Read::All(Box::new(left)),
                    Err(_) => Read::Unreadable,
                });
            }
            Ok(Piece::Replaced) => return Ok(Read::Replaced),
            Err(StoreError::Inconsistent { .. }) => return Ok(Read::Unreadable),
            Err(error) => return Err(error.into()),
        }
    }
}

/// The serials of a segment that was just written, and others, of which none is among them.
pub(crate) fn joined(segment: &[u8], others: Builder) -> Result<Builder, SyncError> {
    let mut both = Departures::new(Vec::new(), others);
    let whole = both.push(segment).and_then(|()| both.finish());
    whole.map_err(|error| match error {
        DepartureError::Older(error) => SyncError::Index(error),
        DepartureError::Build(error) => SyncError::Build(error),
    })
}
