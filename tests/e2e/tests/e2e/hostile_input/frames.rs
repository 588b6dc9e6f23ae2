//! HTTP/2 frames by hand (RFC 9113 section 4), and octets that are nothing at all.

/// What a client's connection begins with (RFC 9113 section 3.4).
pub(super) const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

pub(super) const DATA: u8 = 0x0;
pub(super) const HEADERS: u8 = 0x1;
pub(super) const RST_STREAM: u8 = 0x3;
pub(super) const SETTINGS: u8 = 0x4;
pub(super) const PING: u8 = 0x6;
pub(super) const CONTINUATION: u8 = 0x9;
pub(super) const END_HEADERS: u8 = 0x4;

/// A frame.
pub(super) fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len())
        .unwrap_or(u32::MAX)
        .to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// Settings that change nothing.
pub(super) fn settings() -> Vec<u8> {
    frame(SETTINGS, 0, 0, &[])
}

/// The head of a call to a method, its body to follow.
pub(super) fn call(stream: u32, method: &str) -> Vec<u8> {
    // RFC 7541 appendix A: 3 is `:method POST`, 7 `:scheme https`; 4 and 1 are the names `:path` and `:authority`.
    let mut head = vec![0x83, 0x87];
    for (index, value) in [(4, method), (1, "akashi.test")] {
        head.push(index);
        head.push(u8::try_from(value.len()).unwrap_or(u8::MAX));
        head.extend(value.as_bytes());
    }
    frame(HEADERS, END_HEADERS, stream, &head)
}

/// Octets that look random and are the same in every run.
pub(super) fn noise(seed: u64, octets: usize) -> Vec<u8> {
    let mut state = seed | 1;
    let mut noise = Vec::with_capacity(octets + 8);
    while noise.len() < octets {
        // xorshift64
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        noise.extend(state.to_be_bytes());
    }
    noise.truncate(octets);
    noise
}
