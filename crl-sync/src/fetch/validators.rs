//! What a source is asked with, so that it can say that nothing changed.

use reqwest::header::{
    ETAG, HeaderMap, HeaderName, HeaderValue, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED,
};

use super::file::FileState;
use crate::limits;

/// What a source wants to be asked with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Validators {
    /// Of a server (RFC 9110 section 13.1).
    Http(HttpValidators),
    /// Of a file.
    File(FileState),
    /// Of a directory, which cannot tell.
    None,
}

/// What a server wants to be asked with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct HttpValidators {
    entity_tag: Option<HeaderValue>,
    last_modified: Option<HeaderValue>,
}

impl Validators {
    /// Whether there is nothing to ask with.
    pub(crate) const fn is_empty(&self) -> bool {
        match self {
            Self::Http(HttpValidators {
                entity_tag,
                last_modified,
            }) => entity_tag.is_none() && last_modified.is_none(),
            Self::File(_) => false,
            Self::None => true,
        }
    }
}

impl HttpValidators {
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let short = |name: HeaderName| {
            headers
                .get(name)
                .filter(|value| value.len() <= limits::VALIDATOR_OCTETS)
                .cloned()
        };
        Self {
            entity_tag: short(ETAG),
            last_modified: short(LAST_MODIFIED),
        }
    }

    pub(super) fn request_headers(&self) -> HeaderMap {
        let pairs = [
            (IF_NONE_MATCH, &self.entity_tag),
            (IF_MODIFIED_SINCE, &self.last_modified),
        ];
        let present =
            |(name, value): (_, &Option<HeaderValue>)| value.clone().map(|value| (name, value));
        pairs.into_iter().filter_map(present).collect()
    }

    /// The entity tag, if it promises the very same octets (RFC 9110 section 8.8.1); a weak one does not.
    pub(super) fn strong_entity_tag(&self) -> Option<&HeaderValue> {
        self.entity_tag
            .as_ref()
            .filter(|tag| tag.as_bytes().starts_with(b"\""))
    }
}
