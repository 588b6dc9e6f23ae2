//! Lists in a directory: a real OpenLDAP, started for each test on free ports with a folder of its own.

use std::fmt::Write as _;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pki::UnixTime;
use rcgen::{CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use sandbox::mint::CrlEntry;

use crate::world::{FULL, World, accepted, rule};

const LIST: &str = "cn=Full CRLDP,o=JPKI,c=JP";
const HIDDEN: &str = "cn=Hidden CRLDP,o=JPKI,c=JP";
const EMPTY: &str = "cn=Empty CRLDP,o=JPKI,c=JP";
const TWO: &str = "cn=Two CRLDP,o=JPKI,c=JP";
const ELSEWHERE: &str = "cn=Elsewhere CRLDP,o=JPKI,c=JP";
const READER: &str = "cn=reader,c=JP";

/// A running slapd, ended with the test.
struct Directory {
    process: Child,
    folder: PathBuf,
    plain: u16,
    tls: u16,
}

impl Drop for Directory {
    fn drop(&mut self) {
        // It may have ended by itself; there is nothing else to do about it.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Directory {
    /// One in the world's folder that has these lists, at entries of these names.
    fn start(world: &World, lists: &[(&str, &[&[u8]])]) -> Self {
        let folder = world.folder.path().join("slapd");
        std::fs::create_dir_all(folder.join("db")).unwrap();
        certificates(&folder);
        std::fs::write(folder.join("slapd.conf"), configuration(&folder)).unwrap();
        std::fs::write(folder.join("entries.ldif"), entries(lists)).unwrap();
        let conf = folder.join("slapd.conf");
        let added = Command::new("/usr/sbin/slapadd")
            .arg("-q")
            .args([
                Path::new("-f"),
                &conf,
                Path::new("-l"),
                &folder.join("entries.ldif"),
            ])
            .output()
            .unwrap();
        assert!(
            added.status.success(),
            "{}",
            String::from_utf8_lossy(&added.stderr)
        );
        let [plain, tls] = free_ports();
        let addresses = format!("ldap://127.0.0.1:{plain} ldaps://127.0.0.1:{tls}");
        // With -d it stays in the foreground.
        let process = Command::new("/usr/sbin/slapd")
            .args(["-d", "0", "-h", &addresses, "-f"])
            .arg(&conf)
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let directory = Self {
            process,
            folder,
            plain,
            tls,
        };
        directory.wait();
        directory
    }

    fn wait(&self) {
        for _ in 0..200 {
            if std::net::TcpStream::connect(("127.0.0.1", self.tls)).is_ok() {
                return;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("slapd did not start within ten seconds");
    }

    /// Replaces the list of an entry.
    fn replace(&self, entry: &str, list: &[u8]) {
        let encoded = STANDARD.encode(list);
        let change = format!(
            "dn: {entry}\nchangetype: modify\nreplace: certificateRevocationList;binary\n\
             certificateRevocationList;binary:: {encoded}\n"
        );
        let file = self.folder.join("change.ldif");
        std::fs::write(&file, change).unwrap();
        let changed = Command::new("/usr/bin/ldapmodify")
            .args(["-x", "-H", &format!("ldap://127.0.0.1:{}", self.plain)])
            .args(["-D", "cn=admin,c=JP", "-w", "admin", "-f"])
            .arg(&file)
            .output()
            .unwrap();
        assert!(
            changed.status.success(),
            "{}",
            String::from_utf8_lossy(&changed.stderr)
        );
    }

    fn url(&self, entry: &str) -> String {
        let entry = entry.replace(' ', "%20");
        format!(
            "ldap://127.0.0.1:{}/{entry}?certificateRevocationList;binary",
            self.plain
        )
    }

    fn tls_url(&self, entry: &str) -> String {
        let url = self.url(entry).replace("ldap:", "ldaps:");
        url.replace(&self.plain.to_string(), &self.tls.to_string())
    }
}

fn free_ports() -> [u16; 2] {
    let listeners = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
    listeners.map(|listener| listener.local_addr().unwrap().port())
}

/// An authority, and a certificate of the directory.
fn certificates(folder: &Path) {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let ca = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(["127.0.0.1".to_owned()]).unwrap();
    let certificate = params.signed_by(&key, &ca).unwrap();
    for (name, text) in [
        ("ca.pem", ca.pem()),
        ("server.pem", certificate.pem()),
        ("server.key", key.serialize_pem()),
    ] {
        std::fs::write(folder.join(name), text).unwrap();
    }
}

fn configuration(folder: &Path) -> String {
    let folder = folder.display();
    format!(
        "include /etc/ldap/schema/core.schema\nmodulepath /usr/lib/ldap\nmoduleload back_mdb\n\
         pidfile {folder}/slapd.pid\nTLSCACertificateFile {folder}/ca.pem\n\
         TLSCertificateFile {folder}/server.pem\nTLSCertificateKeyFile {folder}/server.key\n\
         database mdb\nmaxsize 268435456\nsuffix \"c=JP\"\ndirectory {folder}/db\n\
         rootdn \"cn=admin,c=JP\"\nrootpw admin\n\
         access to dn.exact=\"{HIDDEN}\" by dn.exact=\"{READER}\" read\n\
         access to attrs=userPassword by anonymous auth\naccess to * by * read\n"
    )
}

fn entries(lists: &[(&str, &[&[u8]])]) -> String {
    let mut text = format!(
        "dn: c=JP\nobjectClass: country\nc: JP\n\ndn: o=JPKI,c=JP\nobjectClass: organization\no: JPKI\n\n\
         dn: {READER}\nobjectClass: person\ncn: reader\nsn: reader\nuserPassword: correct horse\n\n\
         dn: {ELSEWHERE}\nobjectClass: referral\nobjectClass: extensibleObject\ncn: Elsewhere CRLDP\n\
         ref: ldap://127.0.0.1:1/{}\n\n",
        LIST.replace(' ', "%20")
    );
    for (entry, values) in lists {
        let name = entry.trim_start_matches("cn=").split(',').next().unwrap();
        writeln!(
            text,
            "dn: {entry}\nobjectClass: cRLDistributionPoint\ncn: {name}"
        )
        .unwrap();
        for value in *values {
            let encoded = STANDARD.encode(value);
            writeln!(text, "certificateRevocationList;binary:: {encoded}").unwrap();
        }
        text.push('\n');
    }
    text
}

async fn sync(world: &World, url: &str, more: &str) -> crl_sync::Outcome {
    let address = format!("http://{}/full", world.address);
    let source = world.source("full", more).replace(&address, url);
    let config = world.config("newest_key", &source);
    world.sync(config).await.remove(0).outcome
}

#[tokio::test]
async fn a_list_in_a_directory_comes_into_force_and_so_does_its_successor() {
    let world = World::new().await;
    let directory = Directory::start(&world, &[(LIST, &[&world.list(&FULL, 1001)])]);
    let url = directory.url(LIST);
    assert_eq!(sync(&world, &url, "").await, accepted(1001));
    assert!(world.look_up("full", 101).await.is_some());
    directory.replace(LIST, &world.list(&FULL, 1002));
    assert_eq!(sync(&world, &url, "").await, accepted(1002));

    let forged = world.spec(&FULL, 1003);
    directory.replace(LIST, &forged.sign_wrongly(&world.authority.newest().key));
    assert_eq!(
        rule(&sync(&world, &url, "").await),
        ("refused", "signature")
    );
    directory.replace(LIST, &world.list(&FULL, 1001));
    assert_eq!(
        rule(&sync(&world, &url, "").await),
        ("refused", "number_falling")
    );
    assert_eq!(world.number("full").await, Some(vec![0x03, 0xea]));
    drop(directory);
    assert_eq!(rule(&sync(&world, &url, "").await), ("failed", "connect"));
}

#[tokio::test]
async fn an_entry_without_exactly_one_list_has_none() {
    let world = World::new().await;
    let (first, second) = (world.list(&FULL, 1001), world.list(&FULL, 1002));
    let directory = Directory::start(&world, &[(EMPTY, &[]), (TWO, &[&first, &second])]);
    for (entry, expected) in [
        (EMPTY, ("failed", "attribute_absent")),
        (TWO, ("refused", "several_values")),
        (ELSEWHERE, ("refused", "referral_refused")),
        ("cn=Nobody,o=JPKI,c=JP", ("failed", "no_such_entry")),
    ] {
        let outcome = sync(&world, &directory.url(entry), "").await;
        assert_eq!(rule(&outcome), expected, "{entry}: {outcome:?}");
    }
    assert_eq!(world.number("full").await, None);
}

#[tokio::test]
async fn a_directory_is_bound_over_tls_with_the_password_in_a_file() {
    let world = World::new().await;
    let directory = Directory::start(&world, &[(HIDDEN, &[&world.list(&FULL, 1001)])]);
    let (url, folder) = (directory.tls_url(HIDDEN), directory.folder.display());
    let ca = format!("ca = \"{folder}/ca.pem\"\n");
    let bound = format!("{ca}user = \"{READER}\"\npassword_file = \"{folder}/password\"\n");
    // Whoever is nobody does not even learn that there is such an entry.
    let anonymous = sync(&world, &url, &ca).await;
    assert_eq!(rule(&anonymous), ("failed", "no_such_entry"));
    std::fs::write(directory.folder.join("password"), "wrong").unwrap();
    let wrong = sync(&world, &url, &bound).await;
    assert_eq!(rule(&wrong), ("failed", "bind_refused"));
    assert!(!format!("{wrong:?}").contains("wrong"));
    std::fs::write(directory.folder.join("password"), "correct horse\n").unwrap();
    assert_eq!(sync(&world, &url, &bound).await, accepted(1001));
    // Of another authority than the named one, it is nobody that we talk to.
    certificates(&directory.folder);
    assert_eq!(
        rule(&sync(&world, &url, &bound).await),
        ("failed", "connect")
    );
}

#[tokio::test]
async fn the_largest_list_that_a_directory_may_have_comes_into_force_and_a_larger_one_does_not() {
    let world = World::new().await;
    let mut spec = world.spec(&FULL, 1001);
    let at = UnixTime::from_secs(world.now().secs() - 86_400);
    let serials = 20_000_000..20_400_000;
    spec.entries = serials.map(|n| CrlEntry::new(n, at, Some(1))).collect();
    let list = spec.sign(&world.authority.newest().key);
    assert!((14 << 20..16 << 20).contains(&list.len()), "{}", list.len());
    let directory = Directory::start(&world, &[(LIST, &[&list])]);
    let url = directory.url(LIST);
    let one_less = format!("max_bytes = {}", list.len() - 1);
    assert_eq!(
        rule(&sync(&world, &url, &one_less).await),
        ("refused", "oversized")
    );
    assert_eq!(sync(&world, &url, "").await, accepted(1001));
    assert!(world.look_up("full", 20_399_999).await.is_some());
}
