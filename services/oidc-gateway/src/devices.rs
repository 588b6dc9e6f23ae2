//! On which device the card is read, and what each way of opening the reader app carries.
//!
//! *The same device*: the page links to the reader app, and the app opens the browser that began again. The link carries a
//! secret that only this browser's page shows. *Another device*, for clients that are registered so: the page shows a QR
//! code, good for two minutes and for one device, which carries another secret; the device that opens it is given a third.
//! Whoever knows only the number of a sign-in, as it stands in addresses, can neither learn what is asked for nor answer.
//!
//! None of the secrets is stored. The link's and the code's are made of the browser's own, the device's of the code's and
//! of random octets: so the browser that began can make them again, and open what was sealed under the device's secret,
//! without the phone ever opening a browser. The database knows their hashes and the random octets, and opens nothing.
//!
//! What no server can see is somebody who passes a QR code on to another person, who reads a card for it. For that the
//! reader app shows the client's name and domain and a short code, which stands beside the QR code, before any PIN.

use http::HeaderMap;
use http::header;
use store::SignIn;
use subtle::ConstantTimeEq as _;

use crate::bearer::{BearerSecret, sha256};

/// What a request of the reader app holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Opener {
    /// The link of the page, on the device of the browser that began.
    Link,
    /// A QR code that nobody opened yet.
    QrCode,
    /// The device that opened the QR code.
    OtherDevice,
}

/// How the reader app says that it was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OpenedBy {
    /// Another program on this device opened it by an address.
    Link,
    /// The address was scanned, by the app or by the device's camera.
    Scan,
}

impl OpenedBy {
    /// From the query of the app's request: `opened_by=link`, which is also meant by nothing, or `opened_by=qr`.
    pub(crate) fn of_query(query: Option<&str>) -> Option<Self> {
        match query.unwrap_or_default() {
            "" | "opened_by=link" => Some(Self::Link),
            "opened_by=qr" => Some(Self::Scan),
            _ => None,
        }
    }
}

impl Opener {
    /// What this secret is for this sign-in, if it is anything.
    pub(crate) fn of(sign_in: &SignIn, secret: &BearerSecret, now: i64) -> Option<Self> {
        let hash = secret.hash();
        let is = |stored: &Option<Vec<u8>>| {
            stored
                .as_deref()
                .is_some_and(|stored| bool::from(stored.ct_eq(hash.as_slice())))
        };
        if is(&sign_in.link_hash) {
            Some(Self::Link)
        } else if sign_in.other_device_until <= now {
            None
        } else if is(&sign_in.qr_hash) {
            Some(Self::QrCode)
        } else if is(&sign_in.card_hash) {
            Some(Self::OtherDevice)
        } else {
            None
        }
    }

    /// The word of the contract with the reader app.
    pub(crate) fn device(self) -> &'static str {
        match self {
            Self::Link => "same",
            Self::QrCode | Self::OtherDevice => "another",
        }
    }
}

/// The secret that the reader app's request brings: `Authorization: Bearer ...`, so that it stands in no address.
pub(crate) fn presented_secret(headers: &HeaderMap) -> Option<BearerSecret> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let (value, None) = (values.next()?, values.next()) else {
        return None;
    };
    let (scheme, secret) = value.to_str().ok()?.split_once(' ')?;
    if scheme.eq_ignore_ascii_case("bearer") {
        BearerSecret::parse(secret)
    } else {
        None
    }
}

/// What the page's link carries.
pub(crate) fn link_secret(browser: &BearerSecret, interaction_id: &str) -> BearerSecret {
    browser.derived(b"akashi-link-v1", &[interaction_id.as_bytes()])
}

/// What a QR code carries.
pub(crate) fn qr_secret(
    browser: &BearerSecret,
    qr_random: &[u8],
    interaction_id: &str,
) -> BearerSecret {
    browser.derived(b"akashi-qr-v1", &[qr_random, interaction_id.as_bytes()])
}

/// What the device that opened the QR code is given.
pub(crate) fn device_secret(
    qr: &BearerSecret,
    card_random: &[u8],
    interaction_id: &str,
) -> BearerSecret {
    qr.derived(
        b"akashi-device-v1",
        &[card_random, interaction_id.as_bytes()],
    )
}

/// Six digits that stand beside a QR code and on the device that opened it.
pub(crate) fn short_code(qr_random: &[u8], interaction_id: &str) -> String {
    let hash = sha256(&[
        b"akashi-short-code-v1",
        qr_random,
        interaction_id.as_bytes(),
    ]);
    let number = u64::from_be_bytes([
        hash[0], hash[1], hash[2], hash[3], hash[4], hash[5], hash[6], hash[7],
    ]);
    format!("{:03}-{:03}", number / 1_000 % 1_000, number % 1_000)
}

/// How far the card leg on another device has come, in the word that the waiting page is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Progress {
    /// The QR code waits to be opened.
    Shown,
    /// A device opened it and has time to answer.
    Opened,
    /// Nobody did what was due in time.
    Over,
    /// The card's answer is being verified.
    Checking,
    /// The browser may go on.
    Ready,
}

impl Progress {
    /// Of a sign-in whose browser shows, or showed, a QR code; `None` if it shows none.
    pub(crate) fn of(sign_in: &SignIn, now: i64) -> Option<Self> {
        use store::Stage;
        match sign_in.stage {
            Stage::Waiting if sign_in.qr_random.is_none() => None,
            Stage::Waiting if sign_in.other_device_until <= now => Some(Self::Over),
            Stage::Waiting if sign_in.card_hash.is_some() => Some(Self::Opened),
            Stage::Waiting => Some(Self::Shown),
            // Whether it was the other device that answered is known when the verdict is.
            Stage::Verifying if sign_in.card_hash.is_some() => Some(Self::Checking),
            Stage::Verified | Stage::Refused if was_on_another_device(sign_in) => Some(Self::Ready),
            _ => None,
        }
    }

    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Shown => "shown",
            Self::Opened => "opened",
            Self::Over => "over",
            Self::Checking => "checking",
            Self::Ready => "ready",
        }
    }
}

/// Was the card read on the device that opened the QR code? Its secret is then also what the browser must make again.
pub(crate) fn was_on_another_device(sign_in: &SignIn) -> bool {
    sign_in.card_hash.is_some() && sign_in.card_hash == sign_in.return_token_hash
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_secrets_differ_and_can_be_made_again_only_from_the_browser_s() {
        let browser = BearerSecret::generate().unwrap();
        let qr = qr_secret(&browser, &[1; 32], "i");
        let all = [
            browser.reveal(),
            link_secret(&browser, "i").reveal(),
            link_secret(&browser, "j").reveal(),
            qr.reveal(),
            qr_secret(&browser, &[2; 32], "i").reveal(),
            qr_secret(&browser, &[1; 32], "j").reveal(),
            device_secret(&qr, &[1; 32], "i").reveal(),
            device_secret(&qr, &[2; 32], "i").reveal(),
        ];
        let different: std::collections::BTreeSet<&String> = all.iter().collect();
        assert_eq!(different.len(), all.len());
        let again = qr_secret(&browser, &[1; 32], "i");
        assert_eq!(again.reveal(), qr.reveal());
    }

    #[test]
    fn a_short_code_is_six_digits() {
        for octet in 0..=255 {
            let code = short_code(&[octet; 32], "i");
            let (left, right) = code.split_once('-').unwrap();
            for part in [left, right] {
                assert!(part.len() == 3 && part.bytes().all(|digit| digit.is_ascii_digit()));
            }
        }
        assert_ne!(short_code(&[1; 32], "i"), short_code(&[1; 32], "j"));
    }

    #[test]
    fn the_app_s_secret_comes_in_one_header_of_one_form() {
        let secret = BearerSecret::generate().unwrap().reveal();
        let with = |values: &[String]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(header::AUTHORIZATION, value.parse().unwrap());
            }
            presented_secret(&headers).is_some()
        };
        assert!(with(&[format!("Bearer {secret}")]));
        assert!(with(&[format!("bearer {secret}")]));
        for values in [
            vec![],
            vec![secret.clone()],
            vec![format!("Basic {secret}")],
            vec![format!("Bearer {}", &secret[1..])],
            vec![format!("Bearer {secret}"), format!("Bearer {secret}")],
        ] {
            assert!(!with(&values), "{values:?}");
        }
    }

    #[test]
    fn how_the_app_was_opened_is_one_of_two_words() {
        assert_eq!(OpenedBy::of_query(None), Some(OpenedBy::Link));
        assert_eq!(
            OpenedBy::of_query(Some("opened_by=link")),
            Some(OpenedBy::Link)
        );
        assert_eq!(
            OpenedBy::of_query(Some("opened_by=qr")),
            Some(OpenedBy::Scan)
        );
        for other in [
            "opened_by=",
            "opened_by=qr&opened_by=link",
            "x=1",
            "opened_by=QR",
        ] {
            assert_eq!(OpenedBy::of_query(Some(other)), None, "{other}");
        }
    }
}
