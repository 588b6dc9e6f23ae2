//! The benchmarks of lists with few entries and no timing: everything is synced, stored, served and answered rightly.

use std::path::Path;

use load::batch::{self, BatchPlan};
use load::binary::build_akashi;
use load::client::Until;
use load::durable::{self, DurablePlan};
use load::ocsp::{self, OcspPlan};
use load::partitions::{self, PartitionsPlan};
use load::ratios::RatioReport;
use load::resync::{self, ResyncPlan};
use load::start::{self, StartPlan};
use load::sync::{self, SyncPlan};
use load::visible::{self, VisiblePlan};
use sandbox::nation::Serials;

fn program() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_load"))
}

/// Every figure is there, and the table tells it.
fn check(report: &RatioReport, lines: usize) {
    // Without PostgreSQL there are fewer; tests/run installs it.
    assert_eq!(report.lines.len(), lines, "{report}");
    for line in &report.lines {
        // The kernel counts CPU time in ticks, of which so little takes none.
        let figures = [line.measured.least, line.limit.least];
        assert!(figures.iter().all(|figure| *figure >= 0.0), "{report}");
        assert!(report.to_string().contains(&line.name), "{report}");
    }
}

#[test]
fn a_list_is_synced_from_a_file_and_over_http_into_both_databases() {
    let folder = tempfile::tempdir().unwrap();
    for serials in [Serials::Dense, Serials::Sparse8] {
        let plan = SyncPlan {
            program: program().to_owned(),
            entries: 2_000,
            serials,
            rounds: 1,
        };
        let place = folder.path().join(format!("{serials:?}"));
        std::fs::create_dir(&place).unwrap();
        check(&sync::measure(&plan, &place, String::new()).unwrap(), 8);
    }
}

#[test]
fn partitions_are_verified_and_synced() {
    let folder = tempfile::tempdir().unwrap();
    let plan = PartitionsPlan {
        program: program().to_owned(),
        revoked: 2_000,
        partitions: 5,
        serials: Serials::Dense,
        rounds: 1,
    };
    check(
        &partitions::measure(&plan, folder.path(), String::new()).unwrap(),
        4,
    );
}

#[test]
fn an_index_is_stored_in_both_databases() {
    let folder = tempfile::tempdir().unwrap();
    let plan = DurablePlan {
        entries: 2_000,
        serials: Serials::Wide20,
        rounds: 2,
    };
    check(
        &durable::measure(&plan, folder.path(), String::new()).unwrap(),
        6,
    );
}

#[test]
fn revocation_lookup_starts_on_a_nation_and_its_answers_are_right() {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let folder = tempfile::tempdir().unwrap();
    let plan = StartPlan {
        akashi: build_akashi(program()).unwrap(),
        program: program().to_owned(),
        revoked: 2_000,
        partitions: 5,
        serials: Serials::Dense,
        rounds: 1,
    };
    check(
        &start::measure(&plan, folder.path(), String::new()).unwrap(),
        1,
    );
}

#[test]
fn answers_during_a_resync_are_each_of_one_state_of_the_store() {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let folder = tempfile::tempdir().unwrap();
    let plan = ResyncPlan {
        akashi: build_akashi(program()).unwrap(),
        program: program().to_owned(),
        revoked: 4_000,
        partitions: 20,
        serials: Serials::Dense,
        nice: 0,
        saturation: Until::Calls(300),
        rounds: 1,
    };
    let report = resync::measure(&plan, folder.path(), String::new());
    check(&report.unwrap(), 2);
}

#[test]
fn changes_and_whole_lists_are_seen_on_both_replicas() {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let folder = tempfile::tempdir().unwrap();
    let plan = VisiblePlan {
        akashi: build_akashi(program()).unwrap(),
        changed: 1_000,
        changes: 2,
        full: 2_000,
        rounds: 1,
    };
    let report = visible::measure(&plan, folder.path(), String::new());
    check(&report.unwrap(), 2);
}

#[test]
fn batches_are_answered_rightly() {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let folder = tempfile::tempdir().unwrap();
    let plan = BatchPlan {
        akashi: build_akashi(program()).unwrap(),
        program: program().to_owned(),
        entries: 2_000,
        batches: 3,
        window: Until::Calls(10),
        rounds: 1,
    };
    let report = batch::measure(&plan, folder.path(), String::new());
    check(&report.unwrap(), 1);
}

#[test]
fn ocsp_answers_by_both_kinds_of_keys_are_right() {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let folder = tempfile::tempdir().unwrap();
    // One list; and as many that no question says which one.
    for partitions in [0, 70] {
        let plan = OcspPlan {
            akashi: build_akashi(program()).unwrap(),
            program: program().to_owned(),
            entries: 2_000,
            partitions,
            questions: 8,
            window: Until::Calls(20),
            rounds: 1,
        };
        let folder = folder.path().join(partitions.to_string());
        std::fs::create_dir(&folder).unwrap();
        check(&ocsp::measure(&plan, &folder, String::new()).unwrap(), 4);
    }
}
