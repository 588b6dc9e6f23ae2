//! The CRL distribution point of the leaf.

use conformance::issuer::MUNICIPALITY;
use sandbox::der;
use sandbox::mint::{CaKind, Extension, names};

use crate::scene::{Scene, authentication};
use crate::table::{Case, refused};

fn directory_name() -> Vec<u8> {
    let name = CaKind::UserAuthentication.distribution_point_name(MUNICIPALITY);
    names::directory_name(&name)
}

/// `distributionPoint [0]` with a full name of these names.
fn full(general_names: &[Vec<u8>]) -> Vec<u8> {
    let full = der::context_constructed(0, &der::concat(general_names));
    der::context_constructed(0, &full)
}

fn uri() -> Vec<u8> {
    der::context_primitive(6, b"http://crl.example/umikaze.crl")
}

/// Gives the leaf these points, each of its members.
fn points(scene: &mut Scene, points: &[&[Vec<u8>]]) {
    let points = points.iter().map(|members| der::sequence(*members));
    let value = der::sequence(points);
    scene.leaf_extension(Extension::plain(names::CRL_DISTRIBUTION_POINTS, value));
}

pub(crate) static CASES: &[Case] = &[
    refused(
        "point: missing",
        "extension_missing",
        authentication,
        |scene| {
            scene.without_leaf_extension(names::CRL_DISTRIBUTION_POINTS);
        },
    ),
    refused(
        "point: none in the extension",
        "distribution_point_count",
        authentication,
        |scene| {
            points(scene, &[]);
        },
    ),
    refused(
        "point: two",
        "distribution_point_count",
        authentication,
        |scene| {
            points(
                scene,
                &[&[full(&[directory_name()])], &[full(&[directory_name()])]],
            );
        },
    ),
    refused(
        "point: a URI",
        "distribution_point_name",
        authentication,
        |scene| {
            points(scene, &[&[full(&[uri()])]]);
        },
    ),
    refused(
        "point: a URI besides",
        "distribution_point_name",
        authentication,
        |scene| {
            points(scene, &[&[full(&[directory_name(), uri()])]]);
        },
    ),
    refused(
        "point: relative to the issuer",
        "distribution_point_name",
        authentication,
        |scene| {
            let relative = der::context_constructed(1, &names::utf8("2.5.4.3", "x")[2..]);
            points(scene, &[&[der::context_constructed(0, &relative)]]);
        },
    ),
    refused(
        "point: with reasons",
        "distribution_point_reasons",
        authentication,
        |scene| {
            points(
                scene,
                &[&[
                    full(&[directory_name()]),
                    der::context_primitive(1, &[6, 0x40]),
                ]],
            );
        },
    ),
    refused(
        "point: with another issuer of lists",
        "distribution_point_issuer",
        authentication,
        |scene| {
            let other = names::directory_name(&CaKind::DigitalSignature.distinguished_name());
            points(
                scene,
                &[&[
                    full(&[directory_name()]),
                    der::context_constructed(2, &other),
                ]],
            );
        },
    ),
    refused(
        "point: empty",
        "distribution_point",
        authentication,
        |scene| {
            points(scene, &[&[]]);
        },
    ),
    refused(
        "point: critical",
        "extension_criticality",
        authentication,
        |scene| {
            scene.leaf_criticality(names::CRL_DISTRIBUTION_POINTS, true);
        },
    ),
];
