//! A question as it was asked, in files, and what the files hold.

use std::path::{Path, PathBuf};
use std::rc::Rc;

use pki::{
    PathAnchor, PathError, PathReport, PathRequest, PolicySettings, Profile, RevocationMode,
    UnixTime, Verifier, validate_path,
};

use super::cache::Files;
use super::file::{Contents, FileError, Kind};

/// What is asked, apart from the files.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    pub(super) profile: &'static Profile,
    pub(super) at: UnixTime,
    pub(super) policies: PolicySettings,
    pub(super) revocation: RevocationMode,
}

/// A question.
#[derive(Clone, Debug)]
pub(super) struct Question {
    pub(super) certificate: PathBuf,
    pub(super) trust_anchors: Vec<PathBuf>,
    pub(super) intermediates: Vec<PathBuf>,
    pub(super) crls: Vec<PathBuf>,
    pub(super) settings: Settings,
}

/// The profile of this name: `rfc5280` or a card's.
pub(super) fn profile(name: &str) -> Option<&'static Profile> {
    let generic = Profile::rfc5280();
    if name == generic.name() {
        Some(generic)
    } else {
        Profile::by_name(name)
    }
}

/// The names of all profiles.
pub(super) fn profile_names() -> impl Iterator<Item = &'static str> {
    let cards = Profile::all().iter().map(Profile::name);
    std::iter::once(Profile::rfc5280().name()).chain(cards)
}

/// Where a piece comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Source {
    pub(super) path: PathBuf,
    /// Which of several PEM blocks it is, from 1.
    pub(super) block: Option<usize>,
}

/// One certificate or list of a file.
#[derive(Debug)]
pub(super) struct Piece {
    pub(super) source: Source,
    contents: Rc<Contents>,
    index: usize,
}

impl Piece {
    pub(super) fn der(&self) -> &[u8] {
        &self.contents.pieces()[self.index]
    }
}

/// The part that a file plays in a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Certificate,
    TrustAnchor(usize),
    Intermediate(usize),
    Crl(usize),
}

/// As the manifest's keys are written; lists are counted from 0, as in JSON.
impl std::fmt::Display for Part {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Certificate => formatter.write_str("certificate"),
            Self::TrustAnchor(index) => write!(formatter, "trust_anchors[{index}]"),
            Self::Intermediate(index) => write!(formatter, "intermediates[{index}]"),
            Self::Crl(index) => write!(formatter, "crls[{index}]"),
        }
    }
}

/// Why a question cannot be put.
#[derive(Debug, thiserror::Error)]
#[error("{part}: {problem}")]
pub(super) struct InputError {
    pub(super) part: Part,
    pub(super) path: PathBuf,
    pub(super) problem: InputProblem,
}

impl InputError {
    /// With the file's name, for a terminal.
    pub(super) fn for_people(&self) -> String {
        let path = pki::EscapedText::new(&self.path.display().to_string());
        format!("{path}: {}", self.problem)
    }
}

/// What is wrong with a file.
#[derive(Debug, thiserror::Error)]
pub(super) enum InputProblem {
    #[error(transparent)]
    File(#[from] FileError),
    #[error("it cannot be a trust anchor: {0}")]
    TrustAnchor(#[from] PathError),
    #[error("with it the question has more than {limit} octets")]
    QuestionTooLarge { limit: usize },
}

impl InputProblem {
    /// Its name, in snake case.
    pub(super) fn rule(&self) -> &'static str {
        match self {
            Self::File(error) => error.rule(),
            Self::TrustAnchor(_) => "trust_anchor",
            Self::QuestionTooLarge { .. } => "question_too_large",
        }
    }
}

/// Octets of everything in one question: two lists of the largest size, as at a change of keys. It is all held in
/// memory at once.
const MAX_QUESTION_BYTES: usize = 3 * 1024 * 1024 * 1024;

/// What the files of a question hold.
#[derive(Debug)]
pub(super) struct Material {
    pub(super) certificate: Piece,
    pub(super) anchor_sources: Vec<Source>,
    pub(super) anchors: Vec<PathAnchor>,
    pub(super) intermediates: Vec<Piece>,
    pub(super) crls: Vec<Piece>,
}

impl Question {
    /// Reads the files, relative paths from a folder.
    pub(super) fn load(&self, folder: &Path, files: &mut Files) -> Result<Material, InputError> {
        let mut loader = Loader {
            folder,
            files,
            octets: 0,
        };
        let certificate = loader.load(Part::Certificate, Kind::Certificate, &self.certificate)?;
        let anchors =
            loader.load_all(Part::TrustAnchor, Kind::Certificates, &self.trust_anchors)?;
        let intermediates =
            loader.load_all(Part::Intermediate, Kind::Certificates, &self.intermediates)?;
        let crls = match self.settings.revocation {
            RevocationMode::Require => loader.load_all(Part::Crl, Kind::Crls, &self.crls)?,
            RevocationMode::Off => Vec::new(),
        };
        let mut material = Material {
            certificate: certificate.into_iter().next().ok_or_else(|| InputError {
                part: Part::Certificate,
                path: self.certificate.clone(),
                problem: FileError::Empty.into(),
            })?,
            anchor_sources: Vec::new(),
            anchors: Vec::new(),
            intermediates: pieces_of(intermediates),
            crls: pieces_of(crls),
        };
        for (part, piece) in anchors {
            let anchor = PathAnchor::from_der(piece.der()).map_err(|error| InputError {
                part,
                path: piece.source.path.clone(),
                problem: error.into(),
            })?;
            material.anchors.push(anchor);
            material.anchor_sources.push(piece.source);
        }
        Ok(material)
    }
}

fn pieces_of(loaded: Vec<(Part, Piece)>) -> Vec<Piece> {
    loaded.into_iter().map(|(_, piece)| piece).collect()
}

impl Material {
    /// Puts the question.
    pub(super) fn ask(&self, settings: &Settings, verifier: &Verifier) -> PathReport {
        let intermediates: Vec<&[u8]> = self.intermediates.iter().map(Piece::der).collect();
        let crls: Vec<&[u8]> = self.crls.iter().map(Piece::der).collect();
        let request = PathRequest {
            profile: settings.profile,
            certificate: self.certificate.der(),
            intermediates: &intermediates,
            trust_anchors: &self.anchors,
            crls: &crls,
            at: settings.at,
            policies: settings.policies.clone(),
            revocation: settings.revocation,
        };
        validate_path(&request, verifier)
    }
}

struct Loader<'a> {
    folder: &'a Path,
    files: &'a mut Files,
    octets: usize,
}

impl Loader<'_> {
    fn load_all(
        &mut self,
        part: fn(usize) -> Part,
        kind: Kind,
        paths: &[PathBuf],
    ) -> Result<Vec<(Part, Piece)>, InputError> {
        let mut loaded = Vec::new();
        for (index, path) in paths.iter().enumerate() {
            let part = part(index);
            let pieces = self.load(part, kind, path)?;
            loaded.extend(pieces.into_iter().map(|piece| (part, piece)));
        }
        Ok(loaded)
    }

    fn load(&mut self, part: Part, kind: Kind, path: &Path) -> Result<Vec<Piece>, InputError> {
        let failed = |problem| InputError {
            part,
            path: path.to_owned(),
            problem,
        };
        // An absolute path replaces the folder.
        let contents = self.files.read(&self.folder.join(path), kind);
        let contents = contents.map_err(|error| failed(error.into()))?;
        self.octets = self.octets.saturating_add(contents.octets());
        if self.octets > MAX_QUESTION_BYTES {
            let limit = MAX_QUESTION_BYTES;
            return Err(failed(InputProblem::QuestionTooLarge { limit }));
        }
        let several = contents.pieces().len() > 1;
        let piece = |index| Piece {
            source: Source {
                path: path.to_owned(),
                block: several.then_some(index + 1),
            },
            contents: Rc::clone(&contents),
            index,
        };
        Ok((0..contents.pieces().len()).map(piece).collect())
    }
}
