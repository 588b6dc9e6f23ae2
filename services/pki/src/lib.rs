//! The core of Akashi: bytes, a profile, a time and revocation data in; a verdict out.
//!
//! Nothing here reads a clock, a file, an environment or a network. Certificates and revocation
//! lists arrive as bytes, the time as an argument, and a value of type [`ValidatedLeaf`] or
//! [`VerifiedCrl`] can only be made by the function that did the checking. A profile is a table
//! ([`Profile`]), so that it can be compared with the published certificate profile row by row.
//!
//! Every refusal is a variant of an enum that names the broken rule and carries the compared
//! values, as far as they say nothing about the holder: serials, names and distribution points
//! never reach an error, because errors reach logs.

mod anchor;
mod authority;
mod certificate;
mod crl;
mod der;
mod distribution_point;
mod escape;
mod first_opinion;
mod general_name;
pub mod inspect;
mod key_identifier;
mod leaf;
pub mod limits;
mod name;
mod ocsp;
mod oid;
mod path;
mod pem;
mod personal;
mod profile;
mod public_key;
mod reason;
mod roots;
mod second_opinion;
mod serial;
mod signature;
mod signature_algorithm;
mod time;

pub use anchor::TrustAnchor;
pub use authority::{AuthorityError, CertificationAuthority, CrlSigner};
pub use certificate::{CertificateError, ExtensionError, FoundIdentifier};
pub use crl::{
    AuthorityCertificate, CertificateType, Crl, CrlAuthorityKey, CrlEntries, CrlEntry, CrlError,
    CrlFacts, CrlHeader, CrlLimits, CrlNumber, CrlProfile, CrlScope, CrlSink, CrlStream, CrlWalker,
    HashingTurn, IssuingDistributionPoint, RevokedEntry, RevokedSink, ShortEntry, VerifiedCrl,
    WalkedCrl, verify_crl,
};
pub use der::DerError;
pub use distribution_point::{
    CanonicalGeneralName, DistributionPoint, DistributionPointError, DistributionPointName,
};
pub use escape::EscapedText;
pub use general_name::GeneralNameError;
pub use key_identifier::{KeyIdentifier, KeyIdentifierError};
pub use leaf::{LeafError, LeafErrorKind, UnvalidatedLeaf, ValidatedLeaf, validate_leaf};
pub use name::{NameError, NameText};
pub use ocsp::{
    CertId, CertIdHash, CertIdPart, DelegateRevocation, ExpectedNonce, OcspAnswer, OcspDelegate,
    OcspError, OcspEvidence, OcspExpectation, OcspFailure, OcspIssuer, OcspQuestion,
    OcspQuestionError, OcspRequest, OcspRequester, OcspResponder, OcspStatus, UnreadOcspRequest,
    UnsignedOcspRequest, UnsignedOcspResponse, ocsp_failure, verify_ocsp_response,
};
pub use oid::{Oid, OidError};
pub use path::{
    CrlOutcome, CrlRefusal, NameForm, PathAnchor, PathCertificate, PathError, PathReport,
    PathRequest, PolicySettings, RevocationEvidence, RevocationMode, Verdict, Withheld, Work,
    validate_path,
};
pub use personal::{
    BirthDate, Era, FourInformation, FourInformationError, Gender, PersonalField, UnknownName,
};
pub use profile::{ExtendedKeyUsageRule, KeyRule, KeyUsage, ObjectIdentifier, Profile};
pub use public_key::{KeyAlgorithm, PublicKey, PublicKeyError, RsaPublicKey};
pub use reason::{ReasonFlags, RevocationReason};
pub use roots::{PRODUCTION_ROOTS, ProductionRoot};
pub use serial::{SerialError, SerialNumber};
pub use signature::{
    CrossCheck, HashAlgorithm, Implementation, SignatureEncoding, SignatureError, Signed, Verifier,
};
pub use signature_algorithm::{SignatureAlgorithm, SignatureAlgorithmError};
pub use time::UnixTime;
