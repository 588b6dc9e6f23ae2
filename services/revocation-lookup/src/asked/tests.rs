use std::collections::BTreeSet;

use pki::UnixTime;

use super::*;

const LIMITS: Limits = Limits {
    distinct_an_hour: 5_000_000,
    neighbours: 1_000,
    pause_minutes: 60,
};

/// In JPKI's order of size: serial numbers of 4 octets.
fn serial(number: u32) -> [u8; 4] {
    number.to_be_bytes()
}

fn at(minute: i64) -> UnixTime {
    UnixTime::from_secs(1_800_000_000 + 60 * minute)
}

fn ask(asked: &AskedSerials, number: u32, minute: i64) -> Result<(), Refused> {
    asked.ask(0, [serial(number).as_slice()], at(minute))
}

/// Chance that is the same in every run (Numerical Recipes' generator).
fn chance() -> impl Iterator<Item = u32> {
    let mut state = 1_u64;
    std::iter::repeat_with(move || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        u32::try_from(state >> 32).unwrap()
    })
}

/// How many of these are answered before the first refusal.
fn answered(
    asked: &AskedSerials,
    numbers: impl IntoIterator<Item = u32>,
) -> (usize, Option<Refused>) {
    for (count, number) in numbers.into_iter().enumerate() {
        if let Err(refused) = ask(asked, number, 0) {
            return (count, Some(refused));
        }
    }
    (usize::MAX, None)
}

#[test]
fn a_sweep_over_a_million_neighbours_is_stopped_within_the_limit_in_whatever_order() {
    let upwards: Vec<u32> = (5_000_000..6_000_000).collect();
    let downwards: Vec<u32> = upwards.iter().rev().copied().collect();
    let every_50th: Vec<u32> = (0..1_000_000).map(|n| 5_000_000 + n * 50).collect();
    for (order, numbers) in [upwards, downwards, every_50th].into_iter().enumerate() {
        let asked = AskedSerials::new(LIMITS);
        let (count, refused) = answered(&asked, numbers);
        assert!(count < LIMITS.neighbours + 8, "{order}: {count}");
        let why = TooMany::Sweep { minutes: 60 };
        assert_eq!(refused, Some(Refused { why, first: true }), "{order}");
    }
}

#[test]
fn a_sweep_in_random_order_is_stopped_as_soon_as_its_blocks_fill() {
    let asked = AskedSerials::new(LIMITS);
    let random = chance().map(|number| 5_000_000 + number % 100_000);
    let (count, refused) = answered(&asked, random);
    assert!(
        refused.is_some() && count < 4 * LIMITS.neighbours,
        "{count}"
    );
}

#[test]
fn an_honest_caller_at_the_same_rate_is_never_stopped() {
    let asked = AskedSerials::new(LIMITS);
    // A million people out of fifty million.
    let honest = chance().map(|number| number % 50_000_000).take(1_000_000);
    assert_eq!(answered(&asked, honest), (usize::MAX, None));
}

#[test]
fn a_sweep_hidden_among_six_times_as_many_honest_questions_is_stopped() {
    let asked = AskedSerials::new(LIMITS);
    let mut swept = 0;
    let mut honest = chance();
    let refused = loop {
        swept += 1;
        let hidden = std::iter::once(200_000_000 + swept);
        let among = honest.by_ref().take(6).map(|number| number % 50_000_000);
        if let (_, Some(refused)) = answered(&asked, hidden.chain(among)) {
            break refused;
        }
        assert!(swept < 2_000, "not found");
    };
    assert!(matches!(refused.why, TooMany::Sweep { .. }));
}

#[test]
fn the_same_neighbours_asked_again_and_again_are_no_sweep() {
    let asked = AskedSerials::new(LIMITS);
    for minute in 0..600 {
        for number in 0..900 {
            assert_eq!(ask(&asked, number, minute), Ok(()), "{minute}");
        }
    }
}

#[test]
fn a_caller_that_swept_is_refused_everything_until_the_pause_ends() {
    let asked = AskedSerials::new(LIMITS);
    let (_, refused) = answered(&asked, 0..2_000);
    assert!(refused.is_some());
    let again = ask(&asked, 1, 59).unwrap_err();
    assert_eq!(again.why, TooMany::Sweep { minutes: 1 });
    assert!(!again.first);
    assert_eq!(ask(&asked, 900_000, 60), Ok(()));
}

#[test]
fn the_quota_counts_distinct_serials_of_each_authority_and_is_told_once() {
    let asked = AskedSerials::new(Limits {
        distinct_an_hour: 3,
        ..LIMITS
    });
    let ask = |place: usize, serial: &[u8], minute| asked.ask(place, [serial], at(minute));
    // With zeros in front, it is the same serial number.
    for serial in [&[7][..], &[0, 7], &[0, 0, 0, 7], &[1, 7]] {
        assert_eq!(ask(0, serial, 0), Ok(()));
    }
    assert_eq!(ask(1, &[7], 0), Ok(()));
    let refused = |first| {
        let why = TooMany::Quota { limit: 3 };
        Err(Refused { why, first })
    };
    assert_eq!(ask(1, &[8], 0), refused(true));
    assert_eq!(ask(1, &[8], 60), refused(false));
    assert_eq!(ask(1, &[7], 60), Ok(()));
    assert_eq!(ask(1, &[8], 61), Ok(()));
}

#[test]
fn a_batch_over_the_quota_is_refused_whole() {
    let asked = AskedSerials::new(Limits {
        distinct_an_hour: 3,
        ..LIMITS
    });
    let batch = |numbers: &[u32]| {
        let serials: Vec<[u8; 4]> = numbers.iter().map(|number| serial(*number)).collect();
        asked.ask(0, serials.iter().map(<[u8; 4]>::as_slice), at(0))
    };
    assert_eq!(batch(&[1, 2, 1, 2]), Ok(()));
    assert!(batch(&[3, 4]).is_err());
    assert_eq!(batch(&[1, 2, 3]), Ok(()));
}

#[test]
fn a_batch_of_any_length_counts_each_of_its_serials() {
    for length in 1..=70 {
        let asked = AskedSerials::new(Limits {
            distinct_an_hour: length,
            neighbours: usize::MAX,
            ..LIMITS
        });
        let numbers: Vec<[u8; 4]> = (0..71).map(|number| serial(number * 1_000)).collect();
        let batch = |length: usize| {
            let serials = numbers[..length].iter().map(<[u8; 4]>::as_slice);
            asked.ask(0, serials, at(0))
        };
        assert_eq!(batch(length), Ok(()));
        assert_eq!(batch(length), Ok(()));
        // It begins with what was asked before: the one too many is its last.
        assert!(batch(length + 1).is_err(), "{length}");
    }
}

#[test]
fn no_two_serials_of_a_block_have_one_hash() {
    let asked = AskedSerials::new(LIMITS);
    let hashes: BTreeSet<u64> = (0..=u8::MAX)
        .map(|last| asked.keyed(0, &[1, last]).serial)
        .collect();
    assert_eq!(hashes.len(), 256);
    let block = |number| asked.keyed(0, &serial(number)).block;
    assert_eq!(block(512), block(767));
    assert_ne!(block(511), block(512));
}
