//! An answer with the question and the files it is about.

use std::collections::HashSet;

use pki::{EscapedText, PathCertificate, PathError, PathReport, Verdict};

use super::question::{Material, Question, Source};

/// Everything there is to tell.
#[derive(Debug)]
pub(super) struct Answer<'a> {
    pub(super) question: &'a Question,
    pub(super) material: &'a Material,
    pub(super) report: &'a PathReport,
    /// Whether the moment was named, or is the present.
    pub(super) is_moment_given: bool,
}

impl<'a> Answer<'a> {
    /// Where a certificate of the path comes from.
    pub(super) fn source(&self, certificate: &PathCertificate) -> &'a Source {
        let material = self.material;
        let intermediate = certificate.intermediate;
        let piece = intermediate.and_then(|index| material.intermediates.get(index));
        &piece.unwrap_or(&material.certificate).source
    }

    /// Where the anchor of the path comes from, and its name in DER.
    pub(super) fn anchor(&self) -> Option<(&'a Source, &'a [u8])> {
        let index = self.report.trust_anchor?;
        let source = self.material.anchor_sources.get(index)?;
        let anchor = self.material.anchors.get(index)?;
        Some((source, anchor.subject_der()))
    }

    /// Where a list comes from.
    pub(super) fn list(&self, index: usize) -> Option<&'a Source> {
        self.material.crls.get(index).map(|list| &list.source)
    }

    /// Lists that were given and say nothing about any certificate of the path, not even that they are not believed. None
    /// where no list was asked.
    pub(super) fn unused_lists(&self) -> Vec<&'a Source> {
        let (path, unreadable) = (&self.report.path, &self.report.unreadable_crls);
        let is_undetermined = matches!(self.report.error, Some(PathError::RevocationUndetermined));
        let mut asked: HashSet<usize> = HashSet::new();
        for evidence in path.iter().flat_map(|it| &it.revocation) {
            asked.extend([Some(evidence.crl), evidence.delta].into_iter().flatten());
        }
        if asked.is_empty() && !is_undetermined {
            return Vec::new();
        }
        asked.extend(unreadable.iter().map(|(index, _)| *index));
        let lists = self.material.crls.iter().enumerate();
        lists
            .filter(|(index, _)| !asked.contains(index))
            .map(|(_, list)| &list.source)
            .collect()
    }

    /// Where an intermediate comes from.
    pub(super) fn intermediate(&self, index: usize) -> Option<&'a Source> {
        let intermediate = self.material.intermediates.get(index);
        intermediate.map(|piece| &piece.source)
    }
}

/// A file as it is shown on a terminal, with the block where it has several.
pub(super) fn place(source: Option<&Source>) -> String {
    let Some(source) = source else {
        return "(unknown file)".to_owned();
    };
    let path = EscapedText::new(&source.path.display().to_string());
    match source.block {
        Some(block) => format!("{path}, block {block}"),
        None => path.to_string(),
    }
}

/// A verdict as it is written for programs.
pub(super) const fn verdict_name(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Valid => "valid",
        Verdict::Invalid => "invalid",
        Verdict::Indeterminate => "indeterminate",
    }
}

/// An error's sentence without the clause that ends it, because the clause is shown on its own.
pub(super) fn without_clause(sentence: &str, clause: &str) -> String {
    let end = format!(" ({clause})");
    sentence.strip_suffix(&end).unwrap_or(sentence).to_owned()
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::{place, without_clause};
    use crate::commands::validate::question::Source;

    #[test]
    fn only_the_clause_is_taken_from_a_sentence() {
        let sentence = "it (x) failed (RFC 5280 section 4.2)";
        assert_eq!(
            without_clause(sentence, "RFC 5280 section 4.2"),
            "it (x) failed"
        );
        assert_eq!(without_clause(sentence, "RFC 5280 section 4"), sentence);
        assert_eq!(without_clause("failed", "RFC 5280"), "failed");
    }

    #[test]
    fn a_file_s_name_cannot_speak_to_the_terminal() {
        let mut source = Source {
            path: PathBuf::from("a\u{1b}[2J\n\u{202e}.cer"),
            block: None,
        };
        assert_eq!(place(Some(&source)), r"a\u{1b}[2J\u{a}\u{202e}.cer");
        source.block = Some(2);
        assert!(place(Some(&source)).ends_with(".cer, block 2"));
    }
}
