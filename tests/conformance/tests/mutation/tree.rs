//! DER as a tree that can be rearranged and written again with lengths that fit.

use sandbox::der::element;

/// Deeper than anything that is read; what is below stays octets.
const MAX_DEPTH: usize = 24;

/// One element.
#[derive(Clone)]
pub(crate) struct Node {
    pub(crate) tag: u8,
    pub(crate) body: Body,
}

/// What an element holds.
#[derive(Clone)]
pub(crate) enum Body {
    /// Octets.
    Octets(Vec<u8>),
    /// Elements, behind the octet that counts unused bits if they stand in a BIT STRING.
    Elements { unused_bits: bool, nodes: Vec<Node> },
}

impl Node {
    /// The element in DER.
    pub(crate) fn to_der(&self) -> Vec<u8> {
        match &self.body {
            Body::Octets(octets) => element(self.tag, octets),
            Body::Elements { unused_bits, nodes } => {
                let contents = if *unused_bits { vec![0] } else { Vec::new() };
                element(self.tag, &[contents, forest_to_der(nodes)].concat())
            }
        }
    }

    fn count(&self) -> usize {
        match &self.body {
            Body::Octets(_) => 1,
            Body::Elements { nodes, .. } => 1 + count(nodes),
        }
    }
}

/// Elements one after the other in DER.
pub(crate) fn forest_to_der(nodes: &[Node]) -> Vec<u8> {
    nodes.iter().flat_map(Node::to_der).collect()
}

/// The elements at the beginning of an input, and the octets behind them that are none.
pub(crate) fn read_forest(input: &[u8]) -> (Vec<Node>, Vec<u8>) {
    read(input, 0)
}

fn read(mut input: &[u8], depth: usize) -> (Vec<Node>, Vec<u8>) {
    let mut nodes = Vec::new();
    while let Some((tag, contents, rest)) = split(input) {
        nodes.push(Node {
            tag,
            body: body(tag, contents, depth),
        });
        input = rest;
    }
    (nodes, input.to_vec())
}

/// Constructed elements hold elements; strings do where all of them reads as elements.
fn body(tag: u8, contents: &[u8], depth: usize) -> Body {
    let (unused_bits, inner) = match (tag, contents) {
        (0x03, [0, bits @ ..]) => (true, bits),
        (0x04, octets) => (false, octets),
        (tag, elements) if tag & 0x20 != 0 => (false, elements),
        _ => return Body::Octets(contents.to_vec()),
    };
    if depth >= MAX_DEPTH || inner.is_empty() {
        return Body::Octets(contents.to_vec());
    }
    match read(inner, depth + 1) {
        (nodes, rest) if rest.is_empty() => Body::Elements { unused_bits, nodes },
        _ => Body::Octets(contents.to_vec()),
    }
}

fn split(input: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (tag, rest) = input.split_first()?;
    let (first, rest) = rest.split_first()?;
    let (length, rest) = match first {
        0..=0x7f => (usize::from(*first), rest),
        0x81..=0x83 => {
            let (digits, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            let length = digits
                .iter()
                .fold(0, |sum, digit| sum << 8 | usize::from(*digit));
            // A seed may hold random octets, such as a signature: what would be written shorter
            // than it stands is no element.
            if length < 0x80 || digits.first() == Some(&0) {
                return None;
            }
            (length, rest)
        }
        _ => return None,
    };
    let (contents, rest) = rest.split_at_checked(length)?;
    Some((*tag, contents, rest))
}

/// How many elements there are, at every depth.
pub(crate) fn count(nodes: &[Node]) -> usize {
    nodes.iter().map(Node::count).sum()
}

/// Calls a function with the element of this number, by its place among its siblings.
pub(crate) fn at(
    nodes: &mut Vec<Node>,
    number: usize,
    change: &mut dyn FnMut(&mut Vec<Node>, usize),
) {
    let mut before = 0;
    for place in 0..nodes.len() {
        if before == number {
            return change(nodes, place);
        }
        let size = nodes[place].count();
        if number < before + size {
            if let Body::Elements { nodes, .. } = &mut nodes[place].body {
                at(nodes, number - before - 1, change);
            }
            return;
        }
        before += size;
    }
}

#[test]
fn a_tree_is_written_as_it_was_read() {
    for target in fuzz_targets::TARGETS {
        for seed in conformance::seeds::seeds(target.name) {
            let (mut nodes, rest) = read_forest(&seed);
            assert_eq!([forest_to_der(&nodes), rest].concat(), seed);
            let count = count(&nodes);
            let mut seen = 0;
            for number in 0..count {
                at(&mut nodes, number, &mut |_, _| seen += 1);
            }
            assert_eq!(seen, count);
        }
    }
}
