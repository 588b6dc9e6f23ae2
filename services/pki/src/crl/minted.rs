//! Lists for tests, built octet by octet, with every part open to be made wrong.

pub(in crate::crl) fn der(tag: u8, contents: &[u8]) -> Vec<u8> {
    let octets = u32::try_from(contents.len()).unwrap().to_be_bytes();
    let header = match contents.len() {
        0..0x80 => vec![tag, octets[3]],
        0x80..0x100 => vec![tag, 0x81, octets[3]],
        0x100..0x1_0000 => vec![tag, 0x82, octets[2], octets[3]],
        0x1_0000..0x100_0000 => vec![tag, 0x83, octets[1], octets[2], octets[3]],
        _ => [&[tag, 0x84], octets.as_slice()].concat(),
    };
    [&header, contents].concat()
}

pub(in crate::crl) const THIS_UPDATE: &[u8] = b"260101000000Z";

pub(in crate::crl) fn name(common_name: &[u8]) -> Vec<u8> {
    let attribute = [der(0x06, &[0x55, 4, 3]), der(0x0c, common_name)].concat();
    der(0x30, &der(0x31, &der(0x30, &attribute)))
}

pub(in crate::crl) fn extension(last_arc: u8, critical: bool, value: &[u8]) -> Vec<u8> {
    let critical = if critical { &[1, 1, 0xff][..] } else { &[] };
    let identifier = der(0x06, &[0x55, 0x1d, last_arc]);
    der(0x30, &[&identifier, critical, &der(0x04, value)].concat())
}

pub(in crate::crl) fn entry(serial: &[u8], extensions: &[Vec<u8>]) -> Vec<u8> {
    entry_at(serial, &der(0x17, b"251231000000Z"), extensions)
}

pub(in crate::crl) fn entry_at(serial: &[u8], time: &[u8], extensions: &[Vec<u8>]) -> Vec<u8> {
    let mut contents = [&der(0x02, serial), time].concat();
    if !extensions.is_empty() {
        contents.extend(der(0x30, &extensions.concat()));
    }
    der(0x30, &contents)
}

pub(in crate::crl) fn reason(code: u8) -> Vec<u8> {
    extension(0x15, false, &[0x0a, 1, code])
}

pub(in crate::crl) fn certificate_issuer(common_name: &[u8]) -> Vec<u8> {
    extension(0x1d, true, &der(0x30, &der(0xa4, &name(common_name))))
}

pub(in crate::crl) fn number() -> Vec<u8> {
    extension(0x14, false, &[2, 1, 9])
}

pub(in crate::crl) fn delta() -> Vec<u8> {
    extension(0x1b, true, &[2, 1, 7])
}

pub(in crate::crl) fn indirect() -> Vec<u8> {
    extension(0x1c, true, &der(0x30, &[0x84, 1, 0xff]))
}

pub(in crate::crl) fn algorithm(last_arc: u8) -> Vec<u8> {
    let arcs = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, last_arc];
    der(0x30, &[der(0x06, &arcs), vec![5, 0]].concat())
}

/// The parts of a list, each of which a test can make wrong.
pub(in crate::crl) struct List {
    pub(in crate::crl) version: Vec<u8>,
    pub(in crate::crl) inner: Vec<u8>,
    pub(in crate::crl) issuer: Vec<u8>,
    pub(in crate::crl) times: Vec<u8>,
    pub(in crate::crl) entries: Option<Vec<u8>>,
    pub(in crate::crl) extensions: Vec<Vec<u8>>,
    pub(in crate::crl) behind: Vec<u8>,
    pub(in crate::crl) outer: Vec<u8>,
    pub(in crate::crl) signature: Vec<u8>,
}

pub(in crate::crl) fn list(entries: &[Vec<u8>], extensions: &[Vec<u8>]) -> List {
    List {
        version: vec![2, 1, 1],
        inner: algorithm(11),
        issuer: name(b"CA"),
        times: [der(0x17, THIS_UPDATE), der(0x17, b"270101000000Z")].concat(),
        entries: (!entries.is_empty()).then(|| der(0x30, &entries.concat())),
        extensions: extensions.to_vec(),
        behind: Vec::new(),
        outer: algorithm(11),
        signature: der(0x03, &[&[0][..], &[7; 256]].concat()),
    }
}

impl List {
    pub(in crate::crl) fn signed(&self) -> Vec<u8> {
        let extensions = match self.extensions.as_slice() {
            [] => Vec::new(),
            extensions => der(0xa0, &der(0x30, &extensions.concat())),
        };
        let entries = self.entries.as_deref().unwrap_or_default();
        let parts = [&self.version, &self.inner, &self.issuer, &self.times];
        let parts = parts.into_iter().flatten().copied();
        let behind = [entries, &extensions, &self.behind].concat();
        der(0x30, &parts.chain(behind).collect::<Vec<_>>())
    }

    pub(in crate::crl) fn der(&self) -> Vec<u8> {
        let parts = [self.signed(), self.outer.clone(), self.signature.clone()];
        der(0x30, &parts.concat())
    }
}
