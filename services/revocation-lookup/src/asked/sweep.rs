//! Neighbouring serial numbers: what a sweep over the register asks about, and an honest caller does not.
//!
//! Serial numbers are seen in blocks of 256. Where 50 million certificates are in use, the 80,000 newest distinct serial
//! numbers of an honest caller fall into 195,000 blocks, and five of them into one block about 15 times; a sweep fills
//! its blocks one after the other, whatever order it asks in. So serial numbers count as neighbours once five of their
//! block were asked about, and only the newest count: what is asked in a year comes to lie side by side.

use std::collections::{HashMap, HashSet, VecDeque};
use std::hash::BuildHasherDefault;

use super::Asked;
use super::window::AsItIs;

/// From how many of its 256 a block counts.
const NEIGHBOURS_IN_A_BLOCK: usize = 5;

/// How many of the newest serial numbers are seen, for each that may have neighbours: a sweep that hides among seven
/// times as many honest questions is still found.
const SEEN_FOR_EACH: usize = 8;

type ByHash = BuildHasherDefault<AsItIs>;

/// The newest distinct serial numbers, and how many of them lie side by side.
#[derive(Debug)]
pub(super) struct Neighbours {
    newest: VecDeque<Asked>,
    serials: HashSet<u64, ByHash>,
    blocks: HashMap<u64, usize, ByHash>,
    side_by_side: usize,
    /// The limit, for which the view is as wide as it is.
    limit: usize,
}

impl Neighbours {
    /// For this limit.
    pub(super) fn new(limit: usize) -> Self {
        Self {
            newest: VecDeque::new(),
            serials: HashSet::default(),
            blocks: HashMap::default(),
            side_by_side: 0,
            limit,
        }
    }

    /// Sees a serial number; says how many are neighbours now.
    pub(super) fn ask(&mut self, asked: Asked) -> usize {
        if !self.serials.insert(asked.serial) {
            return self.side_by_side;
        }
        self.newest.push_back(asked);
        let in_block = self.blocks.entry(asked.block).or_default();
        *in_block += 1;
        self.side_by_side += match *in_block {
            NEIGHBOURS_IN_A_BLOCK => NEIGHBOURS_IN_A_BLOCK,
            more if more > NEIGHBOURS_IN_A_BLOCK => 1,
            _ => 0,
        };
        if self.newest.len() > self.limit.saturating_mul(SEEN_FOR_EACH) {
            self.forget_oldest();
        }
        self.side_by_side
    }

    fn forget_oldest(&mut self) {
        let Some(Asked { serial, block }) = self.newest.pop_front() else {
            return;
        };
        self.serials.remove(&serial);
        let Some(in_block) = self.blocks.get_mut(&block) else {
            return;
        };
        self.side_by_side -= match *in_block {
            NEIGHBOURS_IN_A_BLOCK => NEIGHBOURS_IN_A_BLOCK,
            more if more > NEIGHBOURS_IN_A_BLOCK => 1,
            _ => 0,
        };
        *in_block -= 1;
        if *in_block == 0 {
            self.blocks.remove(&block);
        }
    }

    /// Forgets everything.
    pub(super) fn forget(&mut self) {
        *self = Self::new(self.limit);
    }
}
