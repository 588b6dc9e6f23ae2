use super::*;

fn valid() -> GetRevocationStatusRequest {
    GetRevocationStatusRequest {
        issuer_key_id: vec![1; 20],
        serial_number: vec![1, 0],
        distribution_point: Vec::new(),
        purpose: Purpose::UserAuthentication.into(),
        case_reference: "case-1".to_owned(),
        method: 0,
    }
}

fn changed(change: impl FnOnce(&mut GetRevocationStatusRequest)) -> Result<Lookup, InvalidField> {
    let mut request = valid();
    change(&mut request);
    lookup(&request)
}

#[test]
fn a_complete_request_is_read() {
    let lookup = lookup(&valid()).unwrap();
    assert_eq!(lookup.serial_number.as_bytes(), [1, 0]);
    assert_eq!(
        (&*lookup.scope, lookup.purpose),
        (&Scope::Unnamed, Purpose::UserAuthentication)
    );
}

#[test]
fn a_key_identifier_has_1_to_64_octets() {
    for (octets, fits) in [(0, false), (1, true), (64, true), (65, false)] {
        assert_eq!(issuer_key_id(&vec![1; octets]).is_ok(), fits, "{octets}");
    }
}

#[test]
fn a_serial_number_is_minimal_positive_and_at_most_20_octets() {
    let with = |serial: &[u8]| changed(|request| request.serial_number = serial.to_vec());
    assert!(with(&[0xff; 20]).is_ok());
    for wrong in [&[][..], &[0], &[0, 1], &[1; 21]] {
        assert_eq!(
            with(wrong).unwrap_err(),
            InvalidField::SerialNumber,
            "{wrong:?}"
        );
    }
}

#[test]
fn a_purpose_is_required_and_known() {
    for (purpose, fits) in [(0, false), (1, true), (3, true), (4, false), (-1, false)] {
        let read = changed(|request| request.purpose = purpose);
        assert_eq!(read.is_ok(), fits, "{purpose}");
    }
}

#[test]
fn a_method_is_known_and_none_is_crl() {
    use RevocationMethod::{Crl, Ocsp, OcspThenCrl};
    let with = |method| changed(|request| request.method = method).map(|read| read.method);
    for (number, method) in [(0, Crl), (1, Crl), (2, Ocsp), (3, OcspThenCrl)] {
        assert_eq!(with(number), Ok(method));
    }
    for unknown in [4, -1, i32::MAX] {
        assert_eq!(with(unknown), Err(InvalidField::Method));
    }
}

#[test]
fn a_case_reference_is_required_short_and_plain() {
    let with = |text: &str| changed(|request| request.case_reference = text.to_owned());
    assert!(with("A.z_0:-").is_ok());
    assert!(with(&"a".repeat(64)).is_ok());
    for wrong in ["", "a b", "山田", "a\0", &"a".repeat(65)] {
        assert_eq!(
            with(wrong).unwrap_err(),
            InvalidField::CaseReference,
            "{wrong:?}"
        );
    }
}

#[test]
fn a_distribution_point_is_der_and_at_most_4096_octets() {
    // DistributionPoint { fullName { uniformResourceIdentifier "a" } }
    let uri = [0x30, 0x07, 0xa0, 0x05, 0xa0, 0x03, 0x86, 0x01, b'a'];
    let with = |der: &[u8]| changed(|request| request.distribution_point = der.to_vec());
    // Read, then remembered.
    for _ in 0..2 {
        assert!(matches!(*with(&uri).unwrap().scope, Scope::Partition(_)));
    }
    let trailing = [&uri[..], &[0]].concat();
    assert!(matches!(
        with(&trailing),
        Err(InvalidField::DistributionPoint(_))
    ));
    let long = with(&[0x30; 4_097]);
    assert_eq!(
        long.unwrap_err(),
        InvalidField::DistributionPointLength { octets: 4_097 }
    );
}

fn changed_batch(
    change: impl FnOnce(&mut BatchGetRevocationStatusRequest),
) -> Result<usize, InvalidField> {
    let mut request = BatchGetRevocationStatusRequest {
        issuer_key_id: vec![1; 20],
        serial_number_octets: 4,
        serial_numbers: [0_u8, 0, 0, 1].repeat(3),
        distribution_point: Vec::new(),
        purpose: Purpose::UserAuthentication.into(),
        case_reference: "case-1".to_owned(),
    };
    change(&mut request);
    batch(&request).map(|batch| batch.serials.len())
}

#[test]
fn a_batch_has_1_to_10000_serial_numbers_of_one_width_and_none_is_zero() {
    assert_eq!(changed_batch(|_| {}), Ok(3));
    let numbered = |width: u32, octets: usize| {
        changed_batch(|request| {
            request.serial_number_octets = width;
            request.serial_numbers = vec![1; octets];
        })
    };
    assert_eq!(numbered(20, 200_000), Ok(10_000));
    assert_eq!(numbered(1, 1), Ok(1));
    for (width, octets) in [(20, 200_020), (4, 13), (4, 0)] {
        let refused = Err(InvalidField::SerialNumbers { octets });
        assert_eq!(numbered(width, octets), refused, "{width}");
    }
    for octets in [0, 21, u32::MAX] {
        let refused = Err(InvalidField::SerialNumberOctets { octets });
        assert_eq!(numbered(octets, 4), refused);
    }
    let zero = changed_batch(|request| request.serial_numbers[7] = 0);
    assert_eq!(zero, Err(InvalidField::ZeroSerialNumber { position: 1 }));
}

#[test]
fn the_other_fields_of_a_batch_are_those_of_a_single_lookup() {
    let refused = [
        changed_batch(|request| request.purpose = 0),
        changed_batch(|request| request.case_reference = String::new()),
        changed_batch(|request| request.distribution_point = vec![0x30; 4_097]),
    ];
    let expected = [
        changed(|request| request.purpose = 0),
        changed(|request| request.case_reference = String::new()),
        changed(|request| request.distribution_point = vec![0x30; 4_097]),
    ];
    for (batch, single) in refused.into_iter().zip(expected) {
        assert_eq!(batch.unwrap_err(), single.unwrap_err());
    }
}

#[test]
fn what_is_remembered_of_distribution_points_has_an_end() {
    for number in 0..=REMEMBERED_SCOPES {
        let [.., high, low] = number.to_be_bytes();
        let name = [
            0x30,
            0x08,
            0xa0,
            0x06,
            0xa0,
            0x04,
            0x86,
            0x02,
            high & 0x7f,
            low & 0x7f,
        ];
        assert!(scope(&name).is_ok());
        // Far more than there is room for: the name is longer then.
        let long = [
            &[0x30, 0x0a, 0xa0, 0x08, 0xa0, 0x06, 0x86, 0x04, b'a'][..],
            &[high & 0x7f, low & 0x7f, low >> 7],
        ]
        .concat();
        assert!(matches!(*scope(&long).unwrap(), Scope::Partition(_)));
    }
    SCOPES.with_borrow(|scopes| assert_eq!(scopes.len(), REMEMBERED_SCOPES));
}

#[test]
fn a_batch_searches_a_million_times_at_most() {
    assert!(check_searches(10_000, 0).is_ok());
    assert!(check_searches(10_000, 100).is_ok());
    let refused = InvalidField::TooManyLists {
        lists: 1_900,
        most: 526,
    };
    assert!(check_searches(526, 1_900).is_ok());
    assert_eq!(check_searches(527, 1_900), Err(refused));
}

#[test]
fn a_message_of_a_stream_has_1_to_256_lookups() {
    for (found, fits) in [(0, false), (1, true), (256, true), (257, false)] {
        assert_eq!(check_lookups(found).is_ok(), fits, "{found}");
    }
}
