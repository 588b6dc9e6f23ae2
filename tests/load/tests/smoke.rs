//! The benchmark's own rightness, with few requests and no timing: every answer right, every call counted.

use std::path::Path;

use anyhow::Result;
use load::binary::build_akashi;
use load::client::Until;
use load::installation::{Installation, Plan};
use load::rounds::{Pace, measure};
use load::transport::Transport;

/// With TLS and without, one after the other: both look for free ports from the same one on.
#[tokio::test]
async fn every_answer_is_right_and_the_servers_count_agrees() {
    for transport in [Transport::MutualTls, Transport::Plaintext] {
        every_answer_is_right(transport).await.unwrap();
    }
}

/// TLS can be left out by a call that nothing which is shipped makes.
#[test]
fn nothing_that_is_shipped_leaves_tls_out() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let (mut folders, mut files, mut named) = (Vec::new(), 0, Vec::new());
    folders.extend(["services", "crl-sync", "proto"].map(|folder| root.join(folder)));
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files += 1;
                if std::fs::read_to_string(&path)
                    .unwrap()
                    .contains("for_benchmarks")
                {
                    named.push(path);
                }
            }
        }
    }
    assert!(files > 100, "{files}");
    assert!(
        matches!(&named[..], [only] if only.ends_with("runtime/src/plaintext.rs")),
        "{named:?}"
    );
}

async fn every_answer_is_right(transport: Transport) -> Result<()> {
    let program = Path::new(env!("CARGO_BIN_EXE_load"));
    let mut installation = Installation::start(&Plan {
        akashi: build_akashi(program)?,
        program: program.to_owned(),
        transport,
        threads: 1,
        revoked: 500,
        questions: 64,
    })
    .await?;
    let pace = Pace {
        rounds: 1,
        window: Until::Calls(300),
    };
    // A wrong answer and a count of revocation-lookup's that differs from the client's are errors.
    let rounds = measure(&mut installation, pace, |_| {}).await?;
    assert_eq!(rounds.len(), 1);
    let round = &rounds[0];
    assert_eq!(round.verification.server_cpu.len(), 2);
    for sample in [&round.lookup, &round.echo, &round.verification] {
        assert!(sample.server_cpu.iter().all(|cpu| *cpu > 0.0), "{sample:?}");
    }
    Ok(())
}
