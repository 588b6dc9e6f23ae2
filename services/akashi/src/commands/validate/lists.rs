//! The arguments that take several values, and the certificate among them.
//!
//! `--crl FILE... CERT` says two things at once: a flag takes all words up to the next flag, and the certificate is the last
//! word. clap gives that word to the flag. So where no word was left for the certificate, the last word of the flag that
//! came last is it, if the flag keeps one.

use std::path::{Path, PathBuf};

use clap::builder::PathBufValueParser;
use clap::error::ErrorKind;
use clap::{Arg, ArgAction, ArgMatches, Args, Command, Error, FromArgMatches};
use pki::Oid;

/// Files and policies, in the order given.
#[derive(Debug, Default)]
pub(super) struct Lists {
    /// None exactly with a manifest.
    pub(super) certificate: Option<PathBuf>,
    pub(super) trust_anchors: Vec<PathBuf>,
    pub(super) intermediates: Vec<PathBuf>,
    pub(super) crls: Vec<PathBuf>,
    pub(super) policies: Vec<Oid>,
}

/// The flags that take several values: name, what a value is, help.
const FLAGS: [(&str, &str, &str, &str); 4] = [
    (
        "trust_anchor",
        "trust-anchor",
        "FILE",
        "Certificates whose names and keys are trusted; their dates and extensions are not looked at",
    ),
    (
        "intermediate",
        "intermediate",
        "FILE",
        "Certificates that may stand between, or may have issued a list; in any order",
    ),
    (
        "crl",
        "crl",
        "FILE",
        "Revocation lists, complete and delta; in any order",
    ),
    (
        "policy",
        "policy",
        "OID",
        "Policies that are accepted, such as 1.2.392.200149.8.5.1.1.20; without it, any",
    ),
];

impl Args for Lists {
    fn augment_args(command: Command) -> Command {
        let certificate = Arg::new("certificate")
            .value_name("CERT")
            .help("The certificate to validate, DER or PEM like all files")
            .value_parser(PathBufValueParser::new());
        FLAGS
            .into_iter()
            .fold(command, |command, flag| {
                let (id, long, value_name, help) = flag;
                let argument = Arg::new(id)
                    .long(long)
                    .value_name(value_name)
                    .help(help)
                    .num_args(1..)
                    .action(ArgAction::Append)
                    .value_parser(PathBufValueParser::new());
                command.arg(if id == "trust_anchor" {
                    argument.required_unless_present("manifest")
                } else {
                    argument
                })
            })
            .arg(certificate)
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for Lists {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        let values = |id: &str| {
            let values = matches.get_many::<PathBuf>(id);
            values.unwrap_or_default().cloned().collect::<Vec<_>>()
        };
        let mut lists = FLAGS.map(|(id, ..)| values(id));
        let mut certificate = matches.get_one::<PathBuf>("certificate").cloned();
        if certificate.is_none() && !matches.contains_id("manifest") {
            let last = flag_with_the_last_word(matches);
            certificate = last.and_then(|flag| lists[flag].pop());
            if certificate.is_none() {
                let problem = "the certificate to validate, CERT, is missing: put it first, last, or behind --\n";
                return Err(Error::raw(ErrorKind::MissingRequiredArgument, problem));
            }
        }
        let [trust_anchors, intermediates, crls, policies] = lists;
        Ok(Self {
            certificate,
            trust_anchors,
            intermediates,
            crls,
            policies: policies
                .iter()
                .map(|text| policy(text))
                .collect::<Result<_, _>>()?,
        })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

/// The flag that came last, if it was given more than one word there.
fn flag_with_the_last_word(matches: &ArgMatches) -> Option<usize> {
    let flags = FLAGS.iter().enumerate();
    let (_, flag, id) = flags
        .filter_map(|(flag, (id, ..))| Some((matches.indices_of(id)?.next_back()?, flag, *id)))
        .max()?;
    let last = matches.get_occurrences::<PathBuf>(id)?.next_back()?;
    (last.count() > 1).then_some(flag)
}

/// Policies are read only here, because the certificate may be behind them.
fn policy(text: &Path) -> Result<Oid, Error> {
    let text = text.to_string_lossy();
    Oid::from_dotted(&text).map_err(|error| {
        let text = pki::EscapedText::new(&text);
        let problem = format!("invalid value '{text}' for '--policy': {error}\n");
        Error::raw(ErrorKind::ValueValidation, problem)
    })
}
