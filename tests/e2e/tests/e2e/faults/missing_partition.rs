//! A certificate whose own municipality's list is not there is unknown, whatever other lists say.

use anyhow::{Context as _, Result, ensure};
use e2e::system::{Plan, Shape, System};
use proto::revocation::v1::UnknownReason;
use proto::verification::v1::VerificationResult;
use sandbox::deployment::Lists;
use sandbox::mint::{ListKind, ListSigner, municipality};
use sandbox::repository::{Fault, FaultKind, list_path};

use super::ask::{Answer, Question, result_of, status, verify, wait_for_status};
use super::{USER, VERIFYING, bounded};

const NO_LIST: Answer = Answer::Unknown(UnknownReason::NoList);

/// Cards of the municipality whose list is missing: one that is good, and one that is revoked.
const MISSING: [&str; 2] = ["renewed", "revoked"];

#[tokio::test(flavor = "multi_thread")]
async fn a_leaf_whose_own_partition_is_not_fetched_is_unknown() -> Result<()> {
    let plan = Plan {
        lists: Lists::partitions().without("yamabiko"),
        ..Plan::of(Shape::RolesOnSqlite)
    };
    let system = System::start_only(&plan, &VERIFYING).await?;
    bounded(expect_unknown_but_for_others(&system))
        .await
        .with_context(|| system.last_words())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_leaf_whose_own_partition_never_came_is_unknown_until_it_does() -> Result<()> {
    let plan = Plan {
        lists: Lists::partitions(),
        ..Plan::of(Shape::RolesOnSqlite)
    };
    let mut system = System::prepare(&plan).await?;
    let outcome = bounded(unknown_until_it_comes(&mut system)).await;
    outcome.with_context(|| system.last_words())
}

async fn unknown_until_it_comes(system: &mut System) -> Result<()> {
    let list = ListKind {
        signer: ListSigner::Newest,
        municipality: municipality("yamabiko"),
    };
    let repository = &system.world.repository;
    repository.set_fault(Fault {
        kind: FaultKind::NotFound,
        path: Some(list_path(USER, &list)),
    });
    let number = repository.publications()[USER.name()].number;
    for role in VERIFYING {
        system.start_role(role)?;
    }
    wait_for_status(system, "good", &Answer::Good(number)).await?;
    expect_unknown_but_for_others(system).await?;

    system.world.repository.set_fault(Fault::none());
    system.wait_for_fresh_lists(true).await?;
    let [renewed, revoked] = MISSING;
    for (card, answer, result) in [
        (renewed, Answer::Good(number), VerificationResult::Ok),
        (
            revoked,
            Answer::Revoked(number),
            VerificationResult::CertificateRevoked,
        ),
    ] {
        let found = status(system, card, USER).await?;
        ensure!(found == answer, "{card}: {found:?}");
        let found = result_of(system, card).await?;
        ensure!(found == result, "{card}: {found:?}");
    }
    Ok(())
}

async fn expect_unknown_but_for_others(system: &System) -> Result<()> {
    for card in MISSING {
        let answer = status(system, card, USER).await?;
        ensure!(answer == NO_LIST, "{card}: {answer:?}");
        let verified = verify(system, card).await??;
        ensure!(
            verified.result() == VerificationResult::RevocationUnknown
                && verified.failed_rule == "revocation_no_list",
            "{card}: {verified:?}"
        );
    }
    // Without a distribution point it could be on the missing list, so that no other list proves anything.
    for card in ["good", "renewed"] {
        let question = Question::about(&system.world.repository, card, USER)?;
        let mut client = question.client(&system.deployment)?;
        let answer = question
            .without_distribution_point()
            .ask(&mut client)
            .await?;
        ensure!(
            answer == Answer::Unknown(UnknownReason::OutOfScope),
            "{card} without its distribution point: {answer:?}"
        );
    }
    for card in ["good", "older-key", "minor"] {
        let answer = status(system, card, USER).await?;
        ensure!(matches!(answer, Answer::Good(_)), "{card}: {answer:?}");
        let result = result_of(system, card).await?;
        ensure!(result == VerificationResult::Ok, "{card}: {result:?}");
    }
    Ok(())
}
