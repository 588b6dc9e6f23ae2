//! Makes inputs that are almost right.

use crate::random::Random;
use crate::tree::{Body, Node, at, count, forest_to_der, read_forest};

/// Larger than everything that is read; what is larger is cut off.
const MAX_OCTETS: usize = 128 * 1024;

/// An endless sequence of inputs made from seeds.
pub(crate) struct Mutator<'s> {
    random: Random,
    seeds: &'s [Vec<u8>],
    forests: Vec<(Vec<Node>, Vec<u8>)>,
}

impl<'s> Mutator<'s> {
    /// The sequence of a seed number.
    pub(crate) fn new(seed: u64, seeds: &'s [Vec<u8>]) -> Self {
        Self {
            random: Random::new(seed),
            seeds,
            forests: seeds.iter().map(|seed| read_forest(seed)).collect(),
        }
    }

    /// The next input: elements moved with all lengths fitting, or octets changed with none, or both.
    pub(crate) fn next_input(&mut self) -> Vec<u8> {
        let chosen = self.random.below(self.seeds.len());
        let how = self.random.below(8);
        let mut input = if how < 5 {
            let (mut nodes, rest) = self.forests[chosen].clone();
            for _ in 0..=self.random.below(3) {
                self.change_element(&mut nodes);
            }
            [forest_to_der(&nodes), rest].concat()
        } else {
            self.seeds[chosen].clone()
        };
        if how > 3 {
            for _ in 0..=self.random.below(4) {
                self.change_octets(&mut input);
            }
        }
        input.truncate(MAX_OCTETS);
        input
    }

    fn change_element(&mut self, nodes: &mut Vec<Node>) {
        let number = match count(nodes) {
            0 => return,
            count => self.random.below(count),
        };
        let donor = self.donor();
        let random = &mut self.random;
        at(
            nodes,
            number,
            &mut |siblings, place| match random.below(9) {
                0 => drop(siblings.remove(place)),
                1 => siblings.insert(place, siblings[place].clone()),
                2 => {
                    let other = random.below(siblings.len());
                    siblings.swap(place, other);
                }
                3 => siblings[place].clone_from(&donor),
                4 => siblings.insert(place, donor.clone()),
                5 => siblings[place].tag = random.octet(),
                6 => siblings[place].body = Body::Octets(Vec::new()),
                7 => siblings[place].tag ^= 1 << random.below(8),
                _ => change_contents(&mut siblings[place], random),
            },
        );
    }

    /// Any element of any seed.
    fn donor(&mut self) -> Node {
        let chosen = self.random.below(self.forests.len());
        let (nodes, _) = &mut self.forests[chosen];
        let mut donor = Node {
            tag: 0x05,
            body: Body::Octets(Vec::new()),
        };
        if !nodes.is_empty() {
            let number = self.random.below(count(nodes));
            at(nodes, number, &mut |siblings, place| {
                donor = siblings[place].clone();
            });
        }
        donor
    }

    fn change_octets(&mut self, input: &mut Vec<u8>) {
        let random = &mut self.random;
        if input.is_empty() {
            input.push(random.octet());
            return;
        }
        let place = random.below(input.len());
        let some = 1 + random.below(16);
        let end = (place + some).min(input.len());
        match random.below(8) {
            0 => input[place] ^= 1 << random.below(8),
            1 => input[place] = random.octet(),
            2 => input.insert(place, random.octet()),
            3 => drop(input.drain(place..end)),
            4 => {
                let again = input[place..end].to_vec();
                input.splice(place..place, again);
            }
            5 => input.truncate(place),
            6 => change_length(input, random),
            _ => {
                let other = &self.seeds[random.below(self.seeds.len())];
                let from = random.below(other.len());
                input.truncate(place);
                input.extend(&other[from..]);
            }
        }
    }
}

fn change_contents(node: &mut Node, random: &mut Random) {
    match &mut node.body {
        Body::Octets(octets) => match (random.below(3), octets.len()) {
            (0, _) | (_, 0) => octets.push(random.octet()),
            (1, length) => octets[random.below(length)] = random.octet(),
            (_, length) => octets.truncate(random.below(length)),
        },
        Body::Elements { nodes, .. } => nodes.reverse(),
    }
}

/// Changes an octet behind one that looks like a tag: probably a length.
fn change_length(input: &mut [u8], random: &mut Random) {
    let start = random.below(input.len());
    let tag = input[start..]
        .iter()
        .position(|octet| matches!(octet, 0x02..=0x06 | 0x0c | 0x13 | 0x17 | 0x18 | 0x30 | 0x31 | 0xa0..=0xa3));
    if let Some(length) = tag.and_then(|tag| input.get_mut(start + tag + 1)) {
        *length = match random.below(4) {
            0 => length.wrapping_add(1),
            1 => length.wrapping_sub(1),
            2 => 0x80 | u8::try_from(random.below(8)).expect("below 8"),
            _ => random.octet(),
        };
    }
}
