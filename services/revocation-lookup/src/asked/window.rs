//! The distinct serial numbers of the last hour.
//!
//! A batch asks for a thousand cold places at once, so each serial number has one: a word on one cache line of an open
//! table, with the minute in which it was asked first. What has become too old goes when its part is first asked in a new
//! minute.

use std::hash::Hasher;

use index::prefetch;

/// How long a serial number counts.
pub(super) const MINUTES: u64 = 60;

/// A table that grows or is cleaned is gone through as a whole; in parts, nobody waits for more than a sixty-fourth.
const PARTS: usize = 64;

/// The lowest bits of a word are the minute, counted from 1 so that no word is zero, and round 64.
const MINUTE_BITS: u32 = 7;
const ROUND: u64 = 64;

/// Words of a line.
const WORDS: usize = 8;

/// Lines of the smallest table.
const FEWEST_LINES: usize = 2;

/// The serial numbers, by 57 bits of a keyed hash: 11 to 32 octets each.
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
    /// Begins to load the place of a serial number that is asked soon.
    #[inline]
    pub(super) fn look_ahead(&self, serial: u64) {
        let part = &self.parts[part_of(serial)];
        if let Some(line) = part.lines.get(part.home(serial)) {
            prefetch(line);
        }
    }

    /// Counts a serial number. `None`: it would be more than the limit, and is not counted.
    #[inline]
    pub(super) fn ask(&mut self, serial: u64, minute: u64, limit: usize) -> Option<Answer> {
        let place = part_of(serial);
        self.len -= self.parts[place].clean(minute);
        let Some(slot) = self.parts[place].free_slot(serial) else {
            return Some(Answer::Known);
        };
        if self.len >= limit {
            let forgotten: usize = self.parts.iter_mut().map(|part| part.clean(minute)).sum();
            self.len -= forgotten;
        }
        if self.len >= limit {
            return None;
        }
        self.parts[place].put(slot, serial);
        self.len += 1;
        Some(Answer::New)
    }
}

/// The highest bits choose the part, the middle ones the slot.
#[inline]
fn part_of(serial: u64) -> usize {
    usize::try_from(serial >> (u64::BITS - PARTS.ilog2())).unwrap_or(0)
}

/// Eight words that are loaded together. The used ones come first.
#[derive(Clone, Copy, Debug, Default)]
#[repr(align(64))]
struct Line([u64; WORDS]);

/// An open table of lines, at most three quarters full: a serial number is on its line, or on the one behind it if that
/// is full, and so on. The number of lines is a power of two.
#[derive(Debug)]
struct Part {
    lines: Vec<Line>,
    len: usize,
    /// The minute in which it was cleaned last. Nothing in it is too old for that minute.
    cleaned: u64,
}

/// A free word: its line, and its place there.
type Slot = (usize, usize);

impl Default for Part {
    fn default() -> Self {
        Self {
            lines: vec![Line::default(); FEWEST_LINES],
            len: 0,
            cleaned: 0,
        }
    }
}

impl Part {
    /// The line of a serial number.
    #[inline]
    fn home(&self, serial: u64) -> usize {
        let bits = usize::try_from(serial >> MINUTE_BITS).unwrap_or(usize::MAX);
        bits & (self.lines.len() - 1)
    }

    fn slots(&self) -> usize {
        self.lines.len() * WORDS
    }

    /// Where a serial number may be put; `None`: it is here already.
    #[inline]
    fn free_slot(&self, serial: u64) -> Option<Slot> {
        let serial = never_zero(serial);
        let mut at = self.home(serial);
        loop {
            let Line(words) = &self.lines[at];
            // Which word it is cannot be predicted, so nothing branches on it.
            let is_same = |word: &u64| (word ^ serial) >> MINUTE_BITS == 0;
            if words.iter().filter(|word| is_same(word)).count() > 0 {
                return None;
            }
            let used = words.iter().filter(|word| **word != 0).count();
            if used < WORDS {
                return Some((at, used));
            }
            at = (at + 1) & (self.lines.len() - 1);
        }
    }

    /// Puts a serial number into a free slot, asked in the minute of the last cleaning.
    fn put(&mut self, (line, place): Slot, serial: u64) {
        let minute = self.cleaned % ROUND + 1;
        self.lines[line].0[place] = never_zero(serial) >> MINUTE_BITS << MINUTE_BITS | minute;
        self.len += 1;
        if self.len * 4 > self.slots() * 3 {
            self.rebuild(0);
        }
    }

    /// Forgets what is too old, once in a minute; says how many.
    #[inline]
    fn clean(&mut self, minute: u64) -> usize {
        let passed = minute - self.cleaned;
        if passed == 0 {
            return 0;
        }
        let before = self.len;
        self.rebuild(passed);
        self.cleaned = minute;
        before - self.len
    }

    /// Moves what still counts so many minutes after the last cleaning into a table of the right size.
    fn rebuild(&mut self, passed: u64) {
        let cleaned = self.cleaned % ROUND + 1;
        let still_counts = |word: &u64| {
            // Nothing was older than an hour at the last cleaning, so the round is known.
            let minute = word & ((1 << MINUTE_BITS) - 1);
            let age = (cleaned + ROUND - minute) % ROUND;
            *word != 0 && age.saturating_add(passed) <= MINUTES
        };
        let words = self.lines.iter().flat_map(|Line(words)| words);
        let kept = words.filter(|word| still_counts(word)).count();
        let is_right = self.slots() / 8 <= kept || self.lines.len() == FEWEST_LINES;
        if kept == self.len && is_right && kept * 4 <= self.slots() * 3 {
            return;
        }
        let lines = (kept * 2)
            .div_ceil(WORDS)
            .next_power_of_two()
            .max(FEWEST_LINES);
        let before = std::mem::replace(&mut self.lines, vec![Line::default(); lines]);
        self.len = kept;
        let words = before.iter().flat_map(|Line(words)| words);
        for word in words.filter(|word| still_counts(word)) {
            if let Some((line, place)) = self.free_slot(*word) {
                self.lines[line].0[place] = *word;
            }
        }
    }
}

/// A word of zeros is a free one, so the hash that would look like it counts as the next.
fn never_zero(serial: u64) -> u64 {
    serial.max(1 << MINUTE_BITS)
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
    use std::collections::HashMap;

    use proptest::prelude::*;

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
    fn nothing_is_kept_beyond_the_limit_and_no_room_for_what_has_gone() {
        let mut window = Window::default();
        let kept = |window: &Window| window.parts.iter().map(|part| part.len).sum::<usize>();
        for number in 0..10_000 {
            window.ask(spread(number), number / 10, 100);
        }
        assert!(kept(&window) == window.len && window.len <= 100);
        for number in 0..100_000 {
            window.ask(spread(number), 2_000, usize::MAX);
        }
        let slots = |window: &Window| window.parts.iter().map(Part::slots).sum::<usize>();
        assert!(slots(&window) <= 4 * 100_000, "{}", slots(&window));
        for number in 0..200 {
            window.ask(spread(number << 20), 3_000, usize::MAX);
        }
        assert_eq!(kept(&window), window.len);
        assert!(window.len <= 200 && slots(&window) <= 64 * 64);
    }

    proptest! {
        #[test]
        fn it_answers_like_a_map(
            asked in proptest::collection::vec((0_u64..400, 0_u64..40), 1..2_000),
            limit in 1_usize..300,
        ) {
            let (mut window, mut map, mut minute) = (Window::default(), HashMap::new(), 0);
            for (number, passed) in asked {
                // Mostly within the minute, sometimes much later.
                minute += match passed { 0..30 => 0, 39 => 200, some => some - 29 };
                map.retain(|_, first| minute - *first <= MINUTES);
                let expected = if map.contains_key(&number) {
                    Some(Answer::Known)
                } else if map.len() >= limit {
                    None
                } else {
                    map.insert(number, minute);
                    Some(Answer::New)
                };
                window.look_ahead(spread(number));
                prop_assert_eq!(window.ask(spread(number), minute, limit), expected);
            }
        }
    }
}
