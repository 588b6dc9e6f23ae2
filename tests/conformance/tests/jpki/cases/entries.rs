//! The entries of the list: whom they revoke, and what makes a list unusable.

use pki::RevocationReason;
use sandbox::der;
use sandbox::mint::{CaKind, CrlEntry, Extension, names};

use crate::scene::{OTHER_SERIAL, SERIAL, Scene, authentication, entry, signing, with_full_list};
use crate::table::{Case, revoked, unknown};

/// The entry about somebody else.
fn other(scene: &mut Scene) -> &mut CrlEntry {
    scene.list().spec.entries.first_mut().unwrap()
}

/// An entry about somebody else with an unknown extension that is not critical.
fn with_unknown() -> Scene {
    let mut scene = authentication();
    other(&mut scene)
        .extensions
        .push(Extension::plain("1.3.6.1.4.1.55555.1", der::null()));
    scene
}

pub(crate) static CASES: &[Case] = &[
    revoked(
        "revoked: no reason",
        RevocationReason::Unspecified,
        authentication,
        |scene| {
            scene.revoke(None);
        },
    ),
    revoked(
        "revoked: keyCompromise",
        RevocationReason::KeyCompromise,
        authentication,
        |scene| {
            scene.revoke(Some(1));
        },
    ),
    revoked(
        "revoked: cACompromise",
        RevocationReason::CaCompromise,
        authentication,
        |scene| {
            scene.revoke(Some(2));
        },
    ),
    revoked(
        "revoked: affiliationChanged",
        RevocationReason::AffiliationChanged,
        authentication,
        |scene| {
            scene.revoke(Some(3));
        },
    ),
    revoked(
        "revoked: superseded",
        RevocationReason::Superseded,
        authentication,
        |scene| {
            scene.revoke(Some(4));
        },
    ),
    revoked(
        "revoked: cessationOfOperation",
        RevocationReason::CessationOfOperation,
        authentication,
        |scene| {
            scene.revoke(Some(5));
        },
    ),
    revoked(
        "revoked: certificateHold",
        RevocationReason::CertificateHold,
        authentication,
        |scene| {
            scene.revoke(Some(6));
        },
    ),
    revoked(
        "revoked: privilegeWithdrawn",
        RevocationReason::PrivilegeWithdrawn,
        authentication,
        |scene| {
            scene.revoke(Some(9));
        },
    ),
    revoked(
        "revoked: aACompromise",
        RevocationReason::AaCompromise,
        authentication,
        |scene| {
            scene.revoke(Some(10));
        },
    ),
    revoked(
        "revoked: a signing leaf",
        RevocationReason::AffiliationChanged,
        signing,
        |scene| {
            scene.revoke(Some(3));
        },
    ),
    revoked(
        "revoked: on the full list",
        RevocationReason::KeyCompromise,
        with_full_list,
        |scene| {
            scene.revoke(Some(1));
        },
    ),
    revoked(
        "revoked: the entry in front of others",
        RevocationReason::KeyCompromise,
        authentication,
        |scene| {
            scene.list().spec.entries.insert(0, entry(SERIAL, Some(1)));
        },
    ),
    revoked(
        "revoked: from tomorrow on",
        RevocationReason::KeyCompromise,
        authentication,
        |scene| {
            let mut entry = entry(SERIAL, Some(1));
            entry.revoked_at = scene.now.plus_secs(86_400);
            scene.list().spec.entries.push(entry);
        },
    ),
    unknown(
        "entry: a reason that does not exist",
        "reason",
        authentication,
        |scene| {
            other(scene).extensions = vec![Extension::reason(7)];
        },
    ),
    unknown(
        "entry: removeFromCRL in a complete list",
        "removed_from_full_list",
        authentication,
        |scene| {
            other(scene).extensions = vec![Extension::reason(8)];
        },
    ),
    unknown(
        "entry: removeFromCRL of the leaf itself",
        "removed_from_full_list",
        authentication,
        |scene| {
            scene.revoke(Some(8));
        },
    ),
    unknown(
        "entry: an unknown critical extension",
        "unknown_critical_entry_extension",
        with_unknown,
        |scene| {
            other(scene).extensions.last_mut().unwrap().critical = true;
        },
    ),
    unknown(
        "entry: of another issuer",
        "entry_issuer",
        authentication,
        |scene| {
            let name = names::directory_name(&CaKind::DigitalSignature.distinguished_name());
            let issuer = Extension::critical(names::CERTIFICATE_ISSUER, der::sequence([name]));
            other(scene).extensions.push(issuer);
        },
    ),
    unknown(
        "entry: of the issuer, who is named",
        "entry_issuer",
        authentication,
        |scene| {
            let name = names::directory_name(&CaKind::UserAuthentication.distinguished_name());
            let issuer = Extension::critical(names::CERTIFICATE_ISSUER, der::sequence([name]));
            other(scene).extensions.push(issuer);
        },
    ),
    unknown(
        "entry: an extension twice",
        "duplicate_entry_extension",
        authentication,
        |scene| {
            other(scene).extensions = vec![Extension::reason(4), Extension::reason(4)];
        },
    ),
    unknown(
        "entry: a serial of zero",
        "entry_serial",
        authentication,
        |scene| {
            other(scene).serial = der::small_integer(0);
        },
    ),
    unknown(
        "entry: a negative serial",
        "entry_serial",
        authentication,
        |scene| {
            other(scene).serial = der::element(0x02, &[0xff]);
        },
    ),
    unknown(
        "entry: the leaf's serial twice",
        "duplicate_serials",
        authentication,
        |scene| {
            let twice = [entry(SERIAL, Some(4)), entry(SERIAL, Some(1))];
            scene.list().spec.entries.extend(twice);
        },
    ),
    unknown(
        "entry: another serial twice",
        "duplicate_serials",
        authentication,
        |scene| {
            scene.list().spec.entries.push(entry(OTHER_SERIAL, Some(1)));
        },
    ),
];
