//! What is printed once everything runs: where it is, and what to try.

use std::fmt::{self, Write as _};
use std::fs;
use std::path::Path;

use super::Running;
use crate::card::{AUTHENTICATION_PIN, CARD_SURFACE_PIN, SIGNING_PIN};
use crate::mint::{CaKind, card_in_words};
use crate::world::World;

/// The whole text.
pub(super) fn text(running: &Running, world: &World) -> String {
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _ = write(&mut text, running, world);
    text
}

fn write(text: &mut String, running: &Running, world: &World) -> fmt::Result {
    let title = "Akashi is running against a throw-away JPKI. Nobody and nothing here is real.";
    writeln!(text, "\n{title}\n")?;
    write_addresses(text, running)?;
    write_cards(text, world)?;
    write_advice(text, running, world)
}

fn write_addresses(text: &mut String, running: &Running) -> fmt::Result {
    let at = &running.addresses;
    let mut rows = vec![
        (
            "Demo relying party",
            format!("{}/  (begin here)", at.relying_party),
        ),
        (
            "OIDC gateway",
            format!("{}/.well-known/openid-configuration", at.issuer),
        ),
        (
            "Card app",
            format!("{}/  (the gateway leads here)", at.card),
        ),
        ("Revocation lists", format!("{}/crl/...", at.repository)),
        ("Control API", format!("{}/control/state", at.control)),
    ];
    let metrics = running.metrics.iter();
    rows.extend(metrics.map(|(role, address)| ("Metrics", format!("{address}/metrics  {role}"))));
    let ocsp = running.ocsp.iter();
    rows.extend(ocsp.map(|(authority, address)| ("OCSP", format!("{address}  {authority}"))));
    rows.push(("Data", running.data.display().to_string()));
    rows.push(("Log", running.log.display().to_string()));
    rows.iter()
        .try_for_each(|(name, value)| writeln!(text, "  {name:<20} {value}"))
}

fn write_cards(text: &mut String, world: &World) -> fmt::Result {
    writeln!(
        text,
        "\nCards. PINs: user authentication {AUTHENTICATION_PIN}, card surface \
         {CARD_SURFACE_PIN}, signing {SIGNING_PIN}"
    )?;
    world.repository().read(|jpki| {
        jpki.cards.iter().try_for_each(|card| {
            let revoked = jpki.is_revoked(card, CaKind::UserAuthentication);
            let since = if revoked && card.id != "revoked" {
                ", revoked since"
            } else {
                ""
            };
            let (_, words) = card_in_words(&card.id);
            writeln!(
                text,
                "  {:<20} {:<18} {words}{since}",
                card.id,
                card.person().latin_name
            )
        })
    })
}

fn write_advice(text: &mut String, running: &Running, world: &World) -> fmt::Result {
    let file = |card| {
        world
            .repository()
            .certificate_file(card, CaKind::DigitalSignature)
    };
    let files = ["good", "revoked", "expired", "older-key"].map(|card| shown(&file(card)));
    writeln!(
        text,
        "
Try
  Sign in as good and as revoked; ask for the premium item as renewed-old, then as renewed.
  Sign the contract as good: the market gets an encrypted result, its platform operator opens and verifies it.
  Apply to the city as older-key: the city verifies the signature and asks whether the certificate is valid: accepted.
  cargo demo revoke older-key --certificate digital-signature{data}   then apply again: not accepted, since when, and why
  cargo demo revoke good{data}   then sign in again: refused after the next fetch
  cargo demo fault stop{data}    the server of the lists is gone; `none` brings it back
  cargo demo unlock good{data}   after three wrong PINs
  As an agency, ask whether signing certificates are valid:
  {akashi} check --config {agency} --case-reference demo-1 \\
    {files}
  Ask by OCSP whether a certificate for signing in is good (revoked: put revoked for good):
  openssl ocsp -url {ocsp} -issuer {issuer} -CAfile {issuer} \\
    -cert {card}

Ctrl-C stops everything; a second start keeps the data.",
        data = data_option(&running.data),
        akashi = shown(&running.akashi),
        agency = shown(&running.deployment.join("agency.toml")),
        files = files.join(" \\\n    "),
        ocsp = running
            .ocsp
            .get(CaKind::UserAuthentication.name())
            .map_or("", String::as_str),
        issuer = shown(&running.deployment.join("ocsp/user-authentication-2-ca.pem")),
        card = shown(
            &world
                .repository()
                .certificate_file("good", CaKind::UserAuthentication)
        ),
    )
}

/// What another command has to be told to find this demo.
fn data_option(data: &Path) -> String {
    let default = super::default_data();
    if fs::canonicalize(&default).unwrap_or(default) == data {
        return String::new();
    }
    format!(" --data {}", shown(data))
}

/// A path that can be pasted into a shell.
fn shown(path: &Path) -> String {
    let path = path.display().to_string();
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+,@%=".contains(c);
    if path.chars().all(plain) {
        path
    } else {
        format!("'{}'", path.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_with_spaces_is_quoted_for_a_shell() {
        assert_eq!(shown(Path::new("/a/b-c.pem")), "/a/b-c.pem");
        assert_eq!(shown(Path::new("/a b/it's")), r"'/a b/it'\''s'");
    }
}
