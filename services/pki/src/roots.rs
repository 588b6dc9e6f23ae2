//! The roots a production service may trust.

/// One self-signed certificate of JPKI, named by its fingerprint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProductionRoot {
    /// The file's name at `https://www.jpki.go.jp/ca/pdf/`, without `.cer`.
    pub name: &'static str,
    /// SHA-256 over the whole DER certificate.
    pub sha256_fingerprint: [u8; 32],
}

/// Every JPKI root published so far: two authorities, three generations of keys each. A production
/// service refuses to start with any other anchor. A new generation (one comes every four years or
/// so) is added here, after its fingerprint was compared with the one J-LIS publishes.
pub const PRODUCTION_ROOTS: &[ProductionRoot] = &[
    root(
        "authca01",
        "4dcfc4ca0aaf9fb2a3081b3f0c991c320b3acc008667a341eeaec5af1d58ca7d",
    ),
    root(
        "authca02",
        "0d98de47fc11b7f67126874b7028b6026a803d2638d6edfe53176953961fade6",
    ),
    root(
        "authca03",
        "64114f29620c24ed2631d46476a040e7ee740d956089c00b036a6a8118c322b5",
    ),
    root(
        "signca01",
        "19645405a1fe14377434bd55957628ac4038557c542403a2243f21c706fc9355",
    ),
    root(
        "signca02",
        "79679c33e4cc9319440f1ad120a597ff1844e2ef217063adb176966fd5e6fbeb",
    ),
    root(
        "signca03",
        "d227f6cde11d35c5252178f106f843d24651944975413b539fa2fb68dbfa365f",
    ),
];

const fn root(name: &'static str, hexadecimal: &str) -> ProductionRoot {
    let digits = hexadecimal.as_bytes();
    assert!(digits.len() == 64, "a SHA-256 fingerprint has 64 digits");
    let mut sha256_fingerprint = [0; 32];
    let mut index = 0;
    while index < 32 {
        sha256_fingerprint[index] = nibble(digits[2 * index]) << 4 | nibble(digits[2 * index + 1]);
        index += 1;
    }
    ProductionRoot {
        name,
        sha256_fingerprint,
    }
}

const fn nibble(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        b'a'..=b'f' => digit - b'a' + 10,
        _ => panic!("not a lowercase hexadecimal digit"),
    }
}
