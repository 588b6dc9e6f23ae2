//! Input: an OCTET STRING of an extension's identifier, and the extension's value.
//!
//! A certificate is put around it, so that all lengths outside of the value fit.

use pki::FourInformation;

use crate::input::{element, split_octets};
use crate::shown::{check_certificate, check_four_information};

/// Version, serial number and algorithm; `CN=issuer`.
const BEGINNING: &[u8] = b"\xa0\x03\x02\x01\x02\x02\x01\x01\
    \x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b\x05\x00\
    \x30\x11\x31\x0f\x30\x0d\x06\x03\x55\x04\x03\x0c\x06issuer";
/// From 2025 to 2035; `CN=subject`; a key that nobody computes with.
const MIDDLE: &[u8] = b"\x30\x1e\x17\x0d250101000000Z\x17\x0d350101000000Z\
    \x30\x12\x31\x10\x30\x0e\x06\x03\x55\x04\x03\x0c\x07subject\
    \x30\x14\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00\x03\x03\x00\x30\x00";
/// Algorithm and signature.
const END: &[u8] = b"\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b\x05\x00\x03\x02\x00\x00";

/// Decodes the four information, and shows the certificate.
pub(crate) fn run(data: &[u8]) -> bool {
    let Some((identifier, value)) = split_octets(data) else {
        return false;
    };
    // What is larger is refused for its size, and `certificate` sees that.
    if data.len() > 30_000 {
        return false;
    }
    let certificate = around(identifier, value);
    let is_shown = check_certificate(&certificate);
    let Ok(read) = FourInformation::from_certificate(&certificate) else {
        return false;
    };
    assert!(is_shown, "what is decoded can be shown");
    check_four_information(&read);
    true
}

fn around(identifier: &[u8], value: &[u8]) -> Vec<u8> {
    let fields = [element(0x06, identifier), element(0x04, value)].concat();
    let extensions = element(0xa3, &element(0x30, &element(0x30, &fields)));
    let signed = [BEGINNING, MIDDLE, &extensions].concat();
    element(0x30, &[&element(0x30, &signed), END].concat())
}
