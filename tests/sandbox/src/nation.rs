//! A nation's revocation lists: both authorities, every municipality's partition, and on request whole lists, with
//! millions of entries, as files that crl-sync fetches; and the configuration files to do so.
//!
//! Everything but the keys and the dates of the lists follows from a seed, and no list is ever held in memory, so that
//! fifty million entries take minutes and whoever asks later knows the right answers ([`Numbers`]).

mod list;
mod numbers;
mod work;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail, ensure};
use pki::UnixTime;

use crate::deployment::{self, Deployment, Pace, Ports, Source, SourceKind, Surroundings};
use crate::mint::names::{distribution_point, full_name};
use crate::mint::{Authority, CaKind, CrlSpec, ListSigner};

pub use numbers::{Numbers, Revoked, Serials};
pub use work::Progress;

/// The number of every list, until it is minted anew.
const NUMBER: u64 = 1_001;
/// Lists are current from a little before they are minted, so that no clock is too early for them.
const MINUTES_BEFORE: i64 = 5;
/// Octets of a list besides its entries, and some to spare.
const FRAME: u64 = 2_048;
/// Days before the minting on which the two generations of keys began, as in the demo.
const GENERATIONS_DAYS_AGO: [i64; 2] = [6 * 365, 2 * 365];

/// What is minted.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// Revoked certificates of both authorities together.
    pub revoked: u64,
    /// Municipalities, each with a list of each authority; none: whole lists only.
    pub partitions: u32,
    /// Whether there are whole lists as well.
    pub full: bool,
    /// What serial numbers look like.
    pub serials: Serials,
    /// What chance begins with.
    pub seed: u64,
    /// For how many days the lists are current.
    pub days: u32,
}

/// One list of a nation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListId {
    /// Whose.
    pub kind: CaKind,
    /// Which municipality's, counted from 0; `None`: the whole list.
    pub partition: Option<u32>,
}

/// A minted nation.
pub struct Nation {
    plan: Plan,
    folder: PathBuf,
    authorities: [Authority; 2],
    numbers: [Numbers; 2],
    number: u64,
    this_update: UnixTime,
}

impl Plan {
    /// Refuses what no reader of lists would take.
    fn check(&self) -> Result<()> {
        let most = pki::limits::MAX_CRL_ENTRIES * 2;
        ensure!(
            (1..=most).contains(&self.revoked),
            "a nation has 1 to {most} revoked certificates"
        );
        ensure!(
            self.partitions > 0 || self.full,
            "without partitions there must be whole lists: --full"
        );
        let entries = self.entries().max().unwrap_or(0);
        let octets = self.octets(entries);
        let (most_entries, most_octets) =
            (pki::limits::MAX_CRL_ENTRIES, pki::limits::MAX_CRL_BYTES);
        ensure!(
            entries <= most_entries && octets <= most_octets,
            "a list would have {entries} entries and up to {octets} octets, and Akashi reads lists of at most \
             {most_entries} and {most_octets}: fewer --revoked, more --partitions or no --full"
        );
        Ok(())
    }

    /// How many revoked certificates are on each list.
    fn entries(&self) -> impl Iterator<Item = u64> {
        let numbers = self.numbers();
        let lists = Nation::lists(self).into_iter();
        lists.map(move |list| numbers[index(list.kind)].of(list))
    }

    /// Refuses a folder on a disk with too little room.
    fn check_room(&self, folder: &Path, free: u64) -> Result<()> {
        let needed: u64 = self.entries().map(|entries| self.octets(entries)).sum();
        ensure!(
            needed < free,
            "the lists need {} MB, and {} has room for {}",
            needed.div_ceil(1_000_000),
            folder.display(),
            free / 1_000_000
        );
        Ok(())
    }

    fn numbers(&self) -> [Numbers; 2] {
        // The first authority has the one more of an odd number.
        let shares = [self.revoked.div_ceil(2), self.revoked / 2];
        let of = |place: usize| {
            let (kind, revoked) = (CaKind::ALL[place], shares[place]);
            Numbers::new(kind, self.serials, self.seed, revoked, self.partitions)
        };
        [of(0), of(1)]
    }

    /// The most octets that a list of so many entries has.
    fn octets(&self, entries: u64) -> u64 {
        let serial = match self.serials {
            Serials::Dense => 4,
            Serials::Sparse8 => 8,
            Serials::Wide20 => 20,
        };
        let most = list::most_octets(serial);
        entries.saturating_mul(u64::try_from(most).unwrap_or(u64::MAX)) + FRAME
    }
}

impl Numbers {
    /// How many revoked certificates are on a list.
    fn of(&self, list: ListId) -> u64 {
        list.partition
            .map_or(self.revoked(), |partition| self.of_partition(partition))
    }
}

impl Nation {
    /// Mints a nation into a folder, which must be empty or not there.
    ///
    /// # Errors
    /// When the plan cannot be, the folder is not empty, or the disk has no room or fails.
    pub fn mint(
        folder: &Path,
        plan: Plan,
        now: UnixTime,
        told: impl FnMut(Progress),
    ) -> Result<Self> {
        plan.check()?;
        let folder = empty_folder(folder)?;
        plan.check_room(&folder, free_octets(&folder)?)?;
        let mut authorities = CaKind::ALL.map(Authority::new);
        for authority in &mut authorities {
            for days in GENERATIONS_DAYS_AGO {
                authority.add_generation(now.plus_secs(-days * 86_400))?;
            }
        }
        let nation = Self {
            numbers: plan.numbers(),
            plan,
            folder,
            authorities,
            number: NUMBER,
            this_update: now.plus_secs(-MINUTES_BEFORE * 60),
        };
        for kind in CaKind::ALL {
            fs::create_dir_all(nation.folder.join("crl").join(kind.name()))?;
        }
        work::write_all(&nation, told)?;
        Ok(nation)
    }

    /// Mints every list anew in its place, with a number higher by one, as of `now`. The same certificates are on it, each
    /// revoked a second later than on the one before, so that an answer tells which list it is from.
    ///
    /// # Errors
    /// When the disk has no room or fails.
    pub fn renew(&mut self, now: UnixTime) -> Result<()> {
        self.number += 1;
        self.this_update = now;
        for list in self.all_lists() {
            fs::remove_file(self.file(list))?;
        }
        work::write_all(self, |_| {})
    }

    /// The number of the lists that are there now.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// When the lists that are there now were issued.
    pub fn this_update(&self) -> UnixTime {
        self.this_update
    }

    /// How many seconds later than [`Numbers`] says a list of this number names everybody as revoked.
    pub fn seconds_later(number: u64) -> i64 {
        i64::try_from(number.saturating_sub(NUMBER)).unwrap_or(i64::MAX)
    }

    /// Every list of a plan, the longest first.
    fn lists(plan: &Plan) -> Vec<ListId> {
        let full = plan.full.then_some(None);
        let scopes = full.into_iter().chain((0..plan.partitions).map(Some));
        let both = |partition| CaKind::ALL.map(|kind| ListId { kind, partition });
        scopes.flat_map(both).collect()
    }

    /// What an authority has revoked.
    pub fn numbers(&self, kind: CaKind) -> &Numbers {
        &self.numbers[index(kind)]
    }

    /// An authority.
    pub fn authority(&self, kind: CaKind) -> &Authority {
        &self.authorities[index(kind)]
    }

    /// Every list, the longest first.
    pub fn all_lists(&self) -> Vec<ListId> {
        Self::lists(&self.plan)
    }

    /// How many revoked certificates are on a list.
    pub fn entries(&self, list: ListId) -> u64 {
        self.numbers(list.kind).of(list)
    }

    /// The file of a list.
    pub fn file(&self, list: ListId) -> PathBuf {
        let folder = self.folder.join("crl").join(list.kind.name());
        folder.join(format!("{}.crl", slug(list)))
    }

    /// The DistributionPoint of the certificates on a municipality's list, DER.
    pub fn distribution_point(kind: CaKind, partition: u32) -> Vec<u8> {
        distribution_point(&distribution_point_name(kind, partition))
    }

    /// What a list says about itself.
    fn spec(&self, list: ListId) -> CrlSpec {
        let signer = &self
            .authority(list.kind)
            .list_signer(ListSigner::Newest)
            .key;
        let next_update = self
            .this_update
            .plus_secs(i64::from(self.plan.days) * 86_400);
        let spec = CrlSpec::full(
            list.kind,
            signer,
            self.number,
            self.this_update,
            next_update,
        );
        match list.partition {
            None => spec,
            Some(partition) => {
                spec.for_distribution_point(&distribution_point_name(list.kind, partition))
            }
        }
    }

    /// Writes configuration files of crl-sync, which fetches every list from its file into SQLite, and of
    /// revocation-lookup, and what they name.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn deploy(&self, ports: Ports) -> Result<Deployment> {
        let surroundings = Surroundings {
            authorities: self.authorities.iter().map(trusted).collect(),
            sources: self
                .all_lists()
                .into_iter()
                .map(|list| self.source(list))
                .collect(),
            clients: Vec::new(),
            readers: Vec::new(),
            recipients: Vec::new(),
            forwarded_agencies: Vec::new(),
            reader_app_url: String::new(),
        };
        let pace = Pace {
            sync_interval_seconds: 3_600,
            poll_interval_seconds: 1,
        };
        let folder = self.folder.join("deployment");
        let roles = ["crl-sync", "revocation-lookup"];
        Deployment::write_roles(&folder, &surroundings, ports, pace, &roles)
    }

    fn source(&self, list: ListId) -> Source {
        let url = url::Url::from_file_path(self.file(list));
        let distribution_point = list
            .partition
            .map(|partition| full_name(&distribution_point_name(list.kind, partition)));
        Source {
            name: format!("{}.{}", list.kind.name(), slug(list)),
            authority: list.kind.name().to_owned(),
            // The folder's path is absolute.
            url: url.map_or_else(|()| String::new(), String::from),
            kind: SourceKind::Crl {
                distribution_point,
                signer_key_id: None,
            },
            max_bytes: Some(self.plan.octets(self.entries(list))),
        }
    }
}

impl std::fmt::Debug for Nation {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Nation({:?})", self.plan)
    }
}

fn index(kind: CaKind) -> usize {
    usize::from(kind != CaKind::UserAuthentication)
}

/// `full`, or `p0001` for the first municipality.
fn slug(list: ListId) -> String {
    list.partition.map_or_else(
        || "full".to_owned(),
        |partition| format!("p{:04}", partition + 1),
    )
}

/// The directory entry of a municipality's list. Japan has 47 prefectures; these municipalities are invented.
fn distribution_point_name(kind: CaKind, partition: u32) -> Vec<u8> {
    let prefecture = format!("Dai-{}-ken", partition % 47 + 1);
    let city = format!("Machi-{:04}-shi", partition + 1);
    kind.distribution_point_name_of(&prefecture, &city)
}

fn trusted(authority: &Authority) -> deployment::Authority {
    let generations = authority.generations.iter();
    deployment::Authority {
        name: authority.kind.name().to_owned(),
        profile: authority.kind.profile_name().to_owned(),
        crl_signer: "newest_key".to_owned(),
        anchors: generations
            .map(|generation| generation.certificate.clone())
            .collect(),
        ocsp_signers: Vec::new(),
    }
}

/// Absolute, because crl-sync reads its files from where they are, not from here.
fn empty_folder(folder: &Path) -> Result<PathBuf> {
    let told = || folder.display().to_string();
    fs::create_dir_all(folder).with_context(told)?;
    if fs::read_dir(folder).with_context(told)?.next().is_some() {
        bail!("{} is not empty; name a new folder", told());
    }
    fs::canonicalize(folder).with_context(told)
}

/// What `df` says, because the standard library does not.
fn free_octets(folder: &Path) -> Result<u64> {
    let output = Command::new("df")
        .args(["-P", "-k", "--"])
        .arg(folder)
        .output()
        .context("asking df for the room on the disk")?;
    let text = String::from_utf8_lossy(&output.stdout);
    let row = text.lines().nth(1).unwrap_or_default();
    let kilobytes = row.split_whitespace().nth(3);
    let kilobytes = kilobytes.and_then(|number| number.parse::<u64>().ok());
    Ok(kilobytes.context("df says nothing of room on the disk")? * 1_024)
}

#[cfg(test)]
mod tests;
