//! Name constraints (RFC 5280 sections 4.2.1.10 and 6.1.3 b to c).
//!
//! The RFC keeps the intersection of all permitted subtrees and the union of all excluded ones.
//! A name is in the intersection exactly when every certificate above permits it, so nothing is
//! intersected here: each certificate's constraints are asked in turn.

use crate::der::{Reader, check_strict, context, context_primitive, whole_sequence};
use crate::general_name::GeneralName;
use crate::limits::MAX_SUBTREES;
use crate::name::canonical_name;
use crate::path::subtree::Subtree;
use crate::path::{Budget, PathError};

/// The form of a name (RFC 5280 section 4.2.1.6), for refusals: a name itself would be personal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NameForm {
    /// `directoryName`, in the subject or among the alternative names.
    DirectoryName,
    /// `dNSName`.
    DnsName,
    /// `ediPartyName`.
    EdiPartyName,
    /// `iPAddress`.
    IpAddress,
    /// `otherName`.
    OtherName,
    /// `registeredID`.
    RegisteredId,
    /// `rfc822Name`, or an e-mail address in the subject.
    Rfc822Name,
    /// `uniformResourceIdentifier`.
    UniformResourceIdentifier,
    /// `x400Address`.
    X400Address,
}

impl std::fmt::Display for NameForm {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::DirectoryName => "directoryName",
            Self::DnsName => "dNSName",
            Self::EdiPartyName => "ediPartyName",
            Self::IpAddress => "iPAddress",
            Self::OtherName => "otherName",
            Self::RegisteredId => "registeredID",
            Self::Rfc822Name => "rfc822Name",
            Self::UniformResourceIdentifier => "uniformResourceIdentifier",
            Self::X400Address => "x400Address",
        })
    }
}

impl NameForm {
    pub(super) fn of(name: &GeneralName<'_>) -> Self {
        match name {
            GeneralName::Directory(_) => Self::DirectoryName,
            GeneralName::Dns(_) => Self::DnsName,
            GeneralName::EdiParty(_) => Self::EdiPartyName,
            GeneralName::Ip(_) => Self::IpAddress,
            GeneralName::OtherName { .. } => Self::OtherName,
            GeneralName::RegisteredId(_) => Self::RegisteredId,
            GeneralName::Rfc822(_) => Self::Rfc822Name,
            GeneralName::Uri(_) => Self::UniformResourceIdentifier,
            GeneralName::X400(_) => Self::X400Address,
        }
    }
}

/// The subtrees of one certificate.
#[derive(Debug)]
pub(super) struct NameConstraints<'a> {
    permitted: Vec<Subtree<'a>>,
    excluded: Vec<Subtree<'a>>,
}

impl<'a> NameConstraints<'a> {
    pub(super) fn read(value: &'a [u8]) -> Result<Self, PathError> {
        let lists = || {
            check_strict(value)?;
            let mut reader = whole_sequence(value)?;
            let permitted = reader.optional(context(0))?.map(|list| list.contents);
            let excluded = reader.optional(context(1))?.map(|list| list.contents);
            reader.finish().map(|()| (permitted, excluded))
        };
        let (permitted, excluded) = lists().map_err(PathError::NameConstraints)?;
        // Not an empty sequence, and neither list is empty.
        if permitted.or(excluded).is_none() {
            return Err(PathError::NameConstraintsEmpty);
        }
        Ok(Self {
            permitted: permitted.map_or(Ok(Vec::new()), subtrees)?,
            excluded: excluded.map_or(Ok(Vec::new()), subtrees)?,
        })
    }

    /// Whether a name is permitted and not excluded.
    pub(super) fn check(&self, name: &Name<'_>, budget: &mut Budget) -> Result<(), PathError> {
        let form = NameForm::of(&name.general);
        for subtree in &self.excluded {
            budget.compare_name(name.octets())?;
            if subtree.excludes(name)? {
                return Err(PathError::NameExcluded { form });
            }
        }
        let mut is_constrained = false;
        for subtree in &self.permitted {
            budget.compare_name(name.octets())?;
            match subtree.permits(name)? {
                Some(true) => return Ok(()),
                Some(false) => is_constrained = true,
                None => {}
            }
        }
        if is_constrained {
            return Err(PathError::NameNotPermitted { form });
        }
        Ok(())
    }

    /// Whether a subtree is about e-mail addresses.
    pub(super) fn has_mail(&self) -> bool {
        let mut subtrees = self.permitted.iter().chain(&self.excluded);
        subtrees.any(|subtree| matches!(subtree, Subtree::Mailbox(..) | Subtree::MailHost(_)))
    }
}

/// A name of a certificate, ready to be compared with many subtrees.
pub(super) struct Name<'a> {
    pub(super) general: GeneralName<'a>,
    /// The canonical bytes of a directory name, if it has any.
    pub(super) canonical: Option<Vec<u8>>,
}

impl<'a> Name<'a> {
    pub(super) fn new(general: GeneralName<'a>) -> Self {
        let canonical = match general {
            GeneralName::Directory(der) => canonical_name(der).ok(),
            _ => None,
        };
        Self { general, canonical }
    }

    fn octets(&self) -> usize {
        match self.general {
            GeneralName::Rfc822(text) | GeneralName::Dns(text) | GeneralName::Uri(text) => {
                text.len()
            }
            GeneralName::Directory(octets)
            | GeneralName::EdiParty(octets)
            | GeneralName::Ip(octets)
            | GeneralName::OtherName { value: octets, .. }
            | GeneralName::RegisteredId(octets)
            | GeneralName::X400(octets) => octets.len(),
        }
    }
}

/// `GeneralSubtrees`: the minimum is 0 and left out, a maximum does not exist.
fn subtrees(contents: &[u8]) -> Result<Vec<Subtree<'_>>, PathError> {
    let mut list = Reader::new(contents);
    let mut subtrees = Vec::new();
    if list.is_empty() {
        return Err(PathError::NameConstraintsEmpty);
    }
    while !list.is_empty() {
        let mut fields = list.sequence().map_err(PathError::NameConstraints)?;
        let base = fields.element().map_err(PathError::NameConstraints)?;
        let distance = fields
            .peek()
            .is_some_and(|tag| tag == context_primitive(0) || tag == context_primitive(1));
        if distance {
            return Err(PathError::NameConstraintDistance);
        }
        fields.finish().map_err(PathError::NameConstraints)?;
        let base = GeneralName::read(&base).map_err(PathError::GeneralName)?;
        subtrees.push(Subtree::new(base)?);
        if subtrees.len() > MAX_SUBTREES {
            return Err(PathError::TooManySubtrees {
                limit: MAX_SUBTREES,
            });
        }
    }
    Ok(subtrees)
}
