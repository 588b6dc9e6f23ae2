//! The benchmark's own rightness, with few requests and no timing: every answer right, every call counted.

use std::path::Path;

use load::binary::build_akashi;
use load::client::Until;
use load::installation::{Installation, Plan};
use load::rounds::{Pace, measure};

#[tokio::test]
async fn every_answer_is_right_and_the_servers_count_agrees() {
    let program = Path::new(env!("CARGO_BIN_EXE_load"));
    let mut installation = Installation::start(&Plan {
        akashi: build_akashi(program).unwrap(),
        program: program.to_owned(),
        threads: 1,
        revoked: 500,
        questions: 64,
    })
    .await
    .unwrap();
    let pace = Pace {
        rounds: 1,
        window: Until::Calls(300),
    };
    // A wrong answer and a count of revocation-lookup's that differs from the client's are errors.
    let rounds = measure(&mut installation, pace, |_| {}).await.unwrap();
    assert_eq!(rounds.len(), 1);
    let round = &rounds[0];
    assert_eq!(round.verification.server_cpu.len(), 2);
    for sample in [&round.lookup, &round.echo, &round.verification] {
        assert!(sample.server_cpu.iter().all(|cpu| *cpu > 0.0), "{sample:?}");
    }
}
