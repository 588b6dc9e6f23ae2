//! The distinct serial numbers of the last hour.

use std::collections::{HashSet, VecDeque};
use std::hash::{BuildHasherDefault, Hasher};

/// How long a serial number counts.
pub(super) const MINUTES: u64 = 60;

/// A set that grows moves all it holds at once; in parts, nobody waits for more than a sixty-fourth of it.
const PARTS: usize = 64;

/// How many that no longer count are forgotten with each that is asked: more than can be added, and never many at once.
const FORGOTTEN_AT_ONCE: usize = 4;

/// The serial numbers, by keyed hash: about 25 octets each.
#[derive(Debug)]
pub(super) struct Window {
    parts: Vec<Part>,
    len: usize,
}

/// Whether a serial number was asked about within the hour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    Known,
    New,
}

impl Default for Window {
    fn default() -> Self {
        Self {
            parts: std::iter::repeat_with(Part::default).take(PARTS).collect(),
            len: 0,
        }
    }
}

impl Window {
    /// Counts a serial number. `None`: it would be more than the limit, and is not counted.
    pub(super) fn ask(&mut self, serial: u64, minute: u64, limit: usize) -> Option<Answer> {
        // The highest bits choose the part, all of them the place in its set.
        let place = usize::try_from(serial >> (u64::BITS - PARTS.ilog2())).unwrap_or(0);
        self.len -= self.parts[place].forget(minute);
        if self.parts[place].serials.contains(&serial) {
            return Some(Answer::Known);
        }
        if self.len >= limit {
            let forgotten: usize = self.parts.iter_mut().map(|part| part.forget(minute)).sum();
            self.len -= forgotten;
        }
        if self.len >= limit {
            return None;
        }
        self.parts[place].add(serial, minute);
        self.len += 1;
        Some(Answer::New)
    }
}

#[derive(Debug, Default)]
struct Part {
    serials: HashSet<u64, BuildHasherDefault<AsItIs>>,
    /// In the order in which they were asked.
    order: VecDeque<u64>,
    /// How many of them were asked in each minute.
    minutes: VecDeque<(u64, usize)>,
}

impl Part {
    fn add(&mut self, serial: u64, minute: u64) {
        self.serials.insert(serial);
        self.order.push_back(serial);
        match self.minutes.back_mut() {
            Some((last, count)) if *last == minute => *count += 1,
            _ => self.minutes.push_back((minute, 1)),
        }
    }

    /// Forgets a few that no longer count; says how many.
    fn forget(&mut self, minute: u64) -> usize {
        let mut forgotten = 0;
        while forgotten < FORGOTTEN_AT_ONCE
            && let Some((oldest, count)) = self.minutes.front_mut()
            && minute.saturating_sub(*oldest) > MINUTES
        {
            *count -= 1;
            if *count == 0 {
                self.minutes.pop_front();
            }
            if let Some(serial) = self.order.pop_front() {
                self.serials.remove(&serial);
            }
            forgotten += 1;
        }
        forgotten
    }
}

/// Keyed hashes are spread already.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct AsItIs(u64);

impl Hasher for AsItIs {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, octets: &[u8]) {
        for octet in octets {
            self.0 = self.0.rotate_left(8) ^ u64::from(*octet);
        }
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spread(number: u64) -> u64 {
        number.wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }

    #[test]
    fn a_serial_counts_once_within_the_hour_and_the_limit_is_exact() {
        let mut window = Window::default();
        for number in 0..1_000 {
            assert_eq!(window.ask(spread(number), 0, 1_000), Some(Answer::New));
            assert_eq!(window.ask(spread(number), 0, 1_000), Some(Answer::Known));
        }
        assert_eq!(window.ask(spread(1_000), 60, 1_000), None);
        assert_eq!(window.ask(spread(7), 60, 1_000), Some(Answer::Known));
    }

    #[test]
    fn what_is_older_than_an_hour_makes_room() {
        let mut window = Window::default();
        for number in 0..500 {
            window.ask(spread(number), 0, 1_000);
        }
        for number in 500..1_000 {
            window.ask(spread(number), 30, 1_000);
        }
        for number in 1_000..1_500 {
            assert_eq!(window.ask(spread(number), 61, 1_000), Some(Answer::New));
        }
        assert_eq!(window.ask(spread(1_500), 61, 1_000), None);
        assert_eq!(window.ask(spread(600), 61, 1_000), Some(Answer::Known));
    }

    #[test]
    fn nothing_is_kept_beyond_the_limit() {
        let mut window = Window::default();
        for number in 0..10_000 {
            window.ask(spread(number), number / 10, 100);
        }
        let kept: usize = window.parts.iter().map(|part| part.serials.len()).sum();
        let order: usize = window.parts.iter().map(|part| part.order.len()).sum();
        assert!(kept == window.len && order == kept && kept <= 100, "{kept}");
    }
}
