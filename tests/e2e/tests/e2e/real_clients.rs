//! Relying parties that others wrote, each as a process of its own, against the running gateway. A person signs in where they
//! send the browser, and they say what they learned.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use e2e::by_hand::{ByHand, PREFIX};
use e2e::system::{Plan, Shape, System};
use sandbox::packages::{OAUTH4WEBAPI, node_packages, python_requirements};
use sandbox::relying_party::Registration;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::Command;

const ALL_SCOPES: &str = "openid name address birthdate gender";

/// Longest wait for the next line of a client.
const PATIENCE: Duration = Duration::from_mins(1);

fn clients() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("clients")
}

/// The settings of a registration in the sandbox, for a client.
fn settings(system: &System, client: &str, scope: &str, profile: &str) -> Result<Value> {
    let file = system
        .folder()
        .join(format!("jpki/relying-party/{client}.pem"));
    let pem = std::fs::read_to_string(file)?;
    let pkcs8: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    let (client_id, registration) = match client {
        "city" => ("RP00000001", Registration::City),
        _ => ("RP00000002", Registration::Shop),
    };
    let base_url = system.deployment.ports().public_url();
    Ok(json!({
        "issuer": format!("{base_url}{PREFIX}"), "base_url": base_url, "client_id": client_id,
        "kid": "sandbox-1", "pkcs8": pkcs8, "scope": scope, "profile": profile,
        "redirect_uri": registration.redirect_uri(&system.world.relying_party_url),
    }))
}

/// Runs a client through one sign-in of the good card's holder: what it learned.
async fn sign_in_with(system: &System, mut command: Command, settings: &Value) -> Result<Value> {
    let mut client = command
        .env("AKASHI_CLIENT", settings.to_string())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .kill_on_drop(true)
        .spawn()?;
    let mut input = client.stdin.take().context("its input")?;
    let mut lines = BufReader::new(client.stdout.take().context("its output")?).lines();
    let mut next = async |word: &str| -> Result<String> {
        loop {
            let line = tokio::time::timeout(PATIENCE, lines.next_line()).await??;
            let line = line.with_context(|| format!("the client ended before it said {word}"))?;
            if let Some((said, rest)) = line.split_once(' ')
                && said == word
            {
                return Ok(rest.to_owned());
            }
        }
    };
    let address = next("AUTHORIZE").await?;
    let back = ByHand::new(system)?.walk(&address, "good").await?;
    input.write_all(format!("{back}\n").as_bytes()).await?;
    Ok(serde_json::from_str(&next("RESULT").await?)?)
}

fn node(script: &Path) -> Command {
    let mut node = Command::new("node");
    node.arg(script);
    node
}

fn must_know_the_holder(learned: &Value) -> Result<()> {
    let (claims, userinfo) = (&learned["claims"], &learned["userinfo"]);
    ensure!(
        claims["acr"] == "aal3" && claims["sub"] == userinfo["sub"],
        "{learned}"
    );
    ensure!(userinfo["name"] == "海野　花子", "{learned}");
    ensure!(
        userinfo["birthdate"] == "1990-04-12" && userinfo["gender"] == "female",
        "{learned}"
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn others_relying_parties_sign_people_in() -> Result<()> {
    let system = System::start(&Plan::of(Shape::AllOnSqlite)).await?;
    oauth4webapi(&system, "compatibility").await?;
    idpyoidc(&system).await?;
    the_real_service_s_client_changes_its_base_url_only(&system).await?;
    hold_to_fapi2(&system, "RP00000001").await?;
    oauth4webapi(&system, "fapi2").await
}

/// Registers the client in the profile of FAPI 2.0 while the gateway runs, and waits until it is in force: a request that was
/// not pushed begins no sign-in any more.
async fn hold_to_fapi2(system: &System, client_id: &str) -> Result<()> {
    let file = system.deployment.config_file("clients");
    let mut clients: toml::Table = std::fs::read_to_string(&file)?.parse()?;
    let listed = clients
        .get_mut("client")
        .and_then(toml::Value::as_array_mut);
    let client = listed
        .into_iter()
        .flatten()
        .filter_map(toml::Value::as_table_mut)
        .find(|client| client["client_id"].as_str() == Some(client_id));
    let client = client.context("no such client")?;
    client.insert("profile".to_owned(), "fapi2".into());
    std::fs::write(&file, toml::to_string(&clients)?)?;
    let until = std::time::Instant::now() + PATIENCE;
    while ByHand::new(system)?.begin().await.is_ok() {
        ensure!(
            std::time::Instant::now() < until,
            "the clients file was not read again"
        );
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    Ok(())
}

/// npm's oauth4webapi, in one of the gateway's profiles.
async fn oauth4webapi(system: &System, profile: &str) -> Result<()> {
    // Beside the packages, where it finds them.
    let script = tempfile::Builder::new()
        .suffix(".mjs")
        .tempfile_in(node_packages(&[OAUTH4WEBAPI])?)?;
    std::fs::copy(clients().join("oauth4webapi.mjs"), script.path())?;
    let settings = settings(system, "city", ALL_SCOPES, profile)?;
    must_know_the_holder(&sign_in_with(system, node(script.path()), &settings).await?)
}

/// PyPI's idpyoidc.
async fn idpyoidc(system: &System) -> Result<()> {
    let requirements = clients().join("idpyoidc.requirements.txt");
    let packages = python_requirements("idpyoidc-5.0.0", &requirements)?;
    let mut python = Command::new("python3");
    python
        .arg(clients().join("idpyoidc_client.py"))
        .env("PYTHONPATH", packages);
    let settings = settings(system, "city", ALL_SCOPES, "compatibility")?;
    must_know_the_holder(&sign_in_with(system, python, &settings).await?)
}

/// Its assertions name the token endpoint, as the registration of the shop allows.
async fn the_real_service_s_client_changes_its_base_url_only(system: &System) -> Result<()> {
    let settings = settings(system, "shop", "openid birthdate", "compatibility")?;
    let script = clients().join("real_service.mjs");
    let learned = sign_in_with(system, node(&script), &settings).await?;
    ensure!(
        learned["claims"]["sub"] == learned["userinfo"]["sub"],
        "{learned}"
    );
    ensure!(
        learned["userinfo"]["birthdate"] == "1990-04-12",
        "{learned}"
    );
    ensure!(learned["userinfo"].get("name").is_none(), "{learned}");
    Ok(())
}
