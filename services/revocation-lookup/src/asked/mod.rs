//! How much of the register of revoked certificates one caller has seen.
//!
//! JPKI's serial numbers are dense, so whoever may ask about one certificate could ask about all of them and would have
//! the list that nobody may hold. Two limits stand against that, for every method together: a quota of distinct serial
//! numbers an hour ([`window`]), and a limit on neighbours ([`sweep`]), because an honest caller asks about the people
//! who come to it, and their serial numbers are strangers to each other. Both are judged before the serial number is
//! looked up, so a refusal tells nothing about it.
//!
//! What is kept is a keyed hash of each serial number, in the memory of this process alone: a quota counts for each
//! replica, and begins anew with it.

mod keyed;
mod minutes;
mod sweep;
mod window;

use std::sync::{Mutex, PoisonError};

use pki::UnixTime;
use runtime::status::{Failure, Kind};

use keyed::{Keyed, mixed};
use minutes::Minutes;
use sweep::Neighbours;
use window::Window;

/// Serial numbers of a batch whose places in memory are asked for together, while those before them are looked at.
/// Processors have room for some twenty cache lines under way, and let go of what is asked for beyond.
const TOGETHER: usize = 16;

/// The limits of one caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limits {
    /// Distinct serial numbers an hour.
    pub(crate) distinct_an_hour: usize,
    /// Neighbouring serial numbers among the newest eight times as many distinct ones.
    pub(crate) neighbours: usize,
    /// For how many minutes a caller that swept is refused.
    pub(crate) pause_minutes: u64,
}

/// Why a caller gets no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TooMany {
    /// The quota of this hour is spent.
    #[error(
        "the quota of {limit} distinct serial numbers an hour is spent; the ones already asked about are still answered"
    )]
    Quota {
        /// Distinct serial numbers an hour.
        limit: usize,
    },
    /// Serial numbers were asked in a row.
    #[error(
        "neighbouring serial numbers were asked about in a row; this caller is refused for {minutes} more minutes, and an alarm was raised"
    )]
    Sweep {
        /// When the pause ends.
        minutes: u64,
    },
}

impl TooMany {
    /// The names of the rules.
    pub(crate) const RULES: [&str; 2] = ["distinct_serials_quota", "neighbouring_serials"];

    /// The name of the rule: the reason in the audit log, the label of the metric.
    pub(crate) fn rule(self) -> &'static str {
        let [quota, sweep] = Self::RULES;
        match self {
            Self::Quota { .. } => quota,
            Self::Sweep { .. } => sweep,
        }
    }
}

impl Failure for TooMany {
    fn kind(&self) -> Kind {
        Kind::ResourceExhausted
    }
}

/// A refusal, and whether it is the first of its kind for a while: the ones after it are only counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Refused {
    pub(crate) why: TooMany,
    pub(crate) first: bool,
}

/// What one caller has asked about.
#[derive(Debug)]
pub(crate) struct AskedSerials {
    limits: Limits,
    /// Keyed with chance: nobody can choose serial numbers that fall together.
    keyed: Keyed,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    minutes: Minutes,
    hour: Window,
    neighbours: Neighbours,
    /// The minute in which the pause after a sweep ends.
    paused_until: Option<u64>,
    /// The minute in which a spent quota was last told.
    quota_told: Option<u64>,
}

impl AskedSerials {
    pub(crate) fn new(limits: Limits) -> Self {
        Self {
            limits,
            keyed: Keyed::by_chance(),
            state: Mutex::new(State {
                minutes: Minutes::default(),
                hour: Window::default(),
                neighbours: Neighbours::new(limits.neighbours),
                paused_until: None,
                quota_told: None,
            }),
        }
    }

    /// Counts serial numbers (unsigned big-endian, zeros in front allowed) of the authority at this place, and says
    /// whether they may be looked up. Of several, those before the one that is too many stay counted, and none is
    /// answered.
    pub(crate) fn ask<'s>(
        &self,
        place: usize,
        serials: impl IntoIterator<Item = &'s [u8]>,
        now: UnixTime,
    ) -> Result<(), Refused> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let minute = state.minutes.at(now);
        state.check_pause(minute)?;
        let serials = serials.into_iter();
        let mut serials = serials.map(|serial| self.keyed(place, serial)).fuse();
        let mut blocks = [[Asked::default(); TOGETHER]; 2];
        let [mut next, mut asked] = blocks.each_mut();
        let mut waiting = 0;
        loop {
            let mut count = 0;
            for (slot, serial) in next.iter_mut().zip(&mut serials) {
                *slot = serial;
                count += 1;
            }
            // One after the other, so that the processor looks for several pages at a time.
            for serial in &next[..count] {
                state.hour.look_ahead(serial.serial);
            }
            for serial in &asked[..waiting] {
                state.ask(*serial, minute, &self.limits)?;
            }
            if count == 0 {
                return Ok(());
            }
            std::mem::swap(&mut next, &mut asked);
            waiting = count;
        }
    }

    /// One hash serves both: a block, and the serial number's place in it, spread over all 64 bits.
    #[inline]
    fn keyed(&self, place: usize, serial: &[u8]) -> Asked {
        let (block, last) = self.keyed.block(place, serial);
        Asked {
            serial: block.wrapping_add(SPREAD[usize::from(last)]),
            block,
        }
    }
}

/// One serial number, by its keyed hash, and the block of 256 that it lies in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
struct Asked {
    serial: u64,
    block: u64,
}

/// A number of 64 bits for each octet (SplitMix64).
static SPREAD: [u64; 256] = {
    let mut spread = [0; 256];
    let mut octet = 0;
    let mut number = 0_u64;
    while octet < spread.len() {
        number = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
        spread[octet] = mixed(number);
        octet += 1;
    }
    spread
};

impl State {
    fn check_pause(&mut self, minute: u64) -> Result<(), Refused> {
        match self.paused_until {
            Some(end) if minute < end => {
                let minutes = end - minute;
                let why = TooMany::Sweep { minutes };
                Err(Refused { why, first: false })
            }
            _ => {
                self.paused_until = None;
                Ok(())
            }
        }
    }

    fn ask(&mut self, asked: Asked, minute: u64, limits: &Limits) -> Result<(), Refused> {
        let limit = limits.distinct_an_hour;
        match self.hour.ask(asked.serial, minute, limit) {
            Some(window::Answer::Known) => return Ok(()),
            Some(window::Answer::New) => {}
            None => {
                let told = self.quota_told.replace(minute);
                // While it keeps asking, it is the same refusal.
                let first = told.is_none_or(|told| minute - told > window::MINUTES);
                let why = TooMany::Quota { limit };
                return Err(Refused { why, first });
            }
        }
        if self.neighbours.ask(asked) < limits.neighbours {
            return Ok(());
        }
        self.neighbours.forget();
        let minutes = limits.pause_minutes;
        self.paused_until = Some(minute.saturating_add(minutes));
        let why = TooMany::Sweep { minutes };
        Err(Refused { why, first: true })
    }
}

#[cfg(test)]
mod tests;
