//! The audit log.

use store::{CheckRecord, LedgerRow, Refusal, RefusalTotal, RefusalsPerMinute, StoreError, limits};

use crate::databases::Databases;

fn check(record_id: &str, recorded_at: i64) -> CheckRecord {
    CheckRecord {
        record_id: record_id.to_owned(),
        recorded_at,
        caller: "city-office.agency.test".to_owned(),
        method: "/akashi.signing.v1.SigningCertificateService/CheckSigningCertificate".to_owned(),
        certificate_sha256: [3; 32],
        purpose: "PURPOSE_VALIDITY_CONFIRMATION".to_owned(),
        case_reference: "case-1".to_owned(),
        outcome: "OUTCOME_VALID".to_owned(),
        evidence: "{\"crl_number\":\"5\"}".to_owned(),
    }
}

fn refusal(caller: &str, refused_at: i64) -> Refusal {
    Refusal {
        refused_at,
        caller: caller.to_owned(),
        method: "/a.B/C".to_owned(),
        reason: "not_on_allowlist".to_owned(),
    }
}

fn row(minute: i64, outcome: &str, count: u64) -> LedgerRow {
    LedgerRow {
        minute,
        caller: "signature-verification.akashi.test".to_owned(),
        certification_authority: "user-authentication".to_owned(),
        method: "/a.B/C".to_owned(),
        purpose: "PURPOSE_USER_AUTHENTICATION".to_owned(),
        outcome: outcome.to_owned(),
        count,
    }
}

pub(crate) async fn a_check_is_readable_by_others_as_soon_as_it_is_appended(databases: Databases) {
    let (audit, other) = (databases.audit().await, databases.audit().await);
    for n in 0..20 {
        let record = check(&format!("record-{n:02}"), n);
        audit.append_check(record.clone()).await.unwrap();
        assert_eq!(other.check(&record.record_id).await.unwrap(), Some(record));
    }
    let newest = other.checks(2).await.unwrap();
    assert_eq!(newest, [check("record-19", 19), check("record-18", 18)]);
    assert_eq!(other.check("nothing").await.unwrap(), None);
}

pub(crate) async fn many_checks_at_once_are_all_committed(databases: Databases) {
    let audit = databases.audit().await;
    let mut appending = tokio::task::JoinSet::new();
    for n in 0..500 {
        let audit = audit.clone();
        appending.spawn(async move { audit.append_check(check(&format!("r{n}"), n)).await });
    }
    for appended in appending.join_all().await {
        appended.unwrap();
    }
    assert_eq!(
        databases.audit().await.checks(1_000).await.unwrap().len(),
        500
    );
}

pub(crate) async fn a_record_that_cannot_be_stored_does_not_take_others_along(
    databases: Databases,
) {
    let audit = databases.audit().await;
    audit.append_check(check("taken", 0)).await.unwrap();
    let mut appending = tokio::task::JoinSet::new();
    for n in 0..50 {
        let audit = audit.clone();
        let record_id = if n == 25 {
            "taken".to_owned()
        } else {
            format!("r{n}")
        };
        appending.spawn(async move { audit.append_check(check(&record_id, n)).await });
    }
    let results = appending.join_all().await;
    assert_eq!(results.iter().filter(|result| result.is_err()).count(), 1);
    assert_eq!(audit.checks(100).await.unwrap().len(), 50);
}

pub(crate) async fn refusals_have_records_up_to_the_limit_and_are_counted_beyond_it(
    databases: Databases,
) {
    let audit = databases.audit().await;
    let limit = limits::REFUSAL_RECORDS_PER_CALLER_AND_MINUTE;
    let mut totals = Vec::new();
    for _ in 0..limit + 5 {
        totals.push(audit.append_refusal(refusal("noisy", 600)).await.unwrap());
    }
    let recorded = |totals: &[RefusalTotal]| {
        totals
            .iter()
            .filter(|total| **total == RefusalTotal::Recorded)
            .count() as u64
    };
    assert_eq!(recorded(&totals), limit);
    // Another caller, and the next minute, have shares of their own.
    for refusal in [refusal("quiet", 601), refusal("noisy", 660)] {
        assert_eq!(
            audit.append_refusal(refusal).await.unwrap(),
            RefusalTotal::Recorded
        );
    }
    assert_eq!(audit.refusals(1_000).await.unwrap().len() as u64, limit + 2);
    assert_eq!(
        audit.refusals(1).await.unwrap()[0].refusal,
        refusal("noisy", 660)
    );
    let sum = |caller: &str, minute, total| RefusalsPerMinute {
        caller: caller.to_owned(),
        minute,
        total,
    };
    let expected = [
        sum("noisy", 11, 1),
        sum("noisy", 10, limit + 5),
        sum("quiet", 10, 1),
    ];
    assert_eq!(audit.refusal_totals(10).await.unwrap(), expected);
}

pub(crate) async fn the_ledger_adds_up_what_is_flushed(databases: Databases) {
    let (one, other) = (databases.audit().await, databases.audit().await);
    let mut flushing = tokio::task::JoinSet::new();
    for n in 0..40 {
        let audit = if n % 2 == 0 {
            one.clone()
        } else {
            other.clone()
        };
        // In different orders: two processes must not wait for each other's rows.
        let mut rows = vec![
            row(10, "GOOD", 2),
            row(10, "REVOKED", 1),
            row(11, "GOOD", 5),
        ];
        rows.rotate_left(n % 3);
        flushing.spawn(async move { audit.flush_ledger(&rows).await });
    }
    for flushed in flushing.join_all().await {
        flushed.unwrap();
    }
    let expected = [
        row(11, "GOOD", 200),
        row(10, "GOOD", 80),
        row(10, "REVOKED", 40),
    ];
    assert_eq!(one.ledger(10).await.unwrap(), expected);
}

pub(crate) async fn text_that_only_one_database_would_store_is_refused_by_both(
    databases: Databases,
) {
    let audit = databases.audit().await;
    let mut record = check("record", 0);
    record.case_reference = "case\0".into();
    let refused = audit.append_check(record.clone()).await;
    assert!(matches!(refused, Err(StoreError::Invalid { .. })));
    record.case_reference = "case".into();
    audit.append_check(record).await.unwrap();
}

pub(crate) async fn an_agency_s_assertion_is_used_by_one_of_many(databases: Databases) {
    let mut racing = tokio::task::JoinSet::new();
    for _ in 0..4 {
        let log = databases.audit().await;
        for _ in 0..10 {
            let log = log.clone();
            racing.spawn(async move { log.use_assertion([6; 32], 1_000, 0).await.unwrap() });
        }
    }
    let used = racing.join_all().await;
    assert_eq!(used.into_iter().filter(|used| *used).count(), 1);
    let log = databases.audit().await;
    assert!(!log.use_assertion([6; 32], 1_000, 1_000).await.unwrap());
    assert!(
        log.use_assertion([7; 32], 1_000, 0).await.unwrap(),
        "another"
    );
    // Forgotten when it has ended, with a margin that the caller says.
    assert!(log.use_assertion([6; 32], 2_000, 1_001).await.unwrap());
}
