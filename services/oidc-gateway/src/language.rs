//! Japanese and English, and which of them a person gets.

/// The languages of the pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Language {
    /// Also for everybody who asked for neither.
    Japanese,
    /// English.
    English,
}

impl Language {
    /// The `lang` attribute and the stored form.
    pub(crate) fn tag(self) -> &'static str {
        match self {
            Self::Japanese => "ja",
            Self::English => "en",
        }
    }

    /// The language of a stored tag.
    pub(crate) fn by_tag(tag: &str) -> Self {
        Self::of_range(tag).unwrap_or(Self::Japanese)
    }

    /// The first language that both sides know: of `ui_locales` (OpenID Connect Core section 3.1.2.1), else of the
    /// Accept-Language header, else Japanese.
    pub(crate) fn choose(ui_locales: Option<&str>, accept_language: Option<&str>) -> Self {
        let asked = ui_locales
            .unwrap_or_default()
            .split(' ')
            .find_map(Self::of_range);
        asked
            .or_else(|| Self::accepted(accept_language?))
            .unwrap_or(Self::Japanese)
    }

    /// RFC 9110 section 12.5.4: the range with the highest weight, the earlier one among equals.
    fn accepted(header: &str) -> Option<Self> {
        let mut best: Option<(f32, Self)> = None;
        // Browsers send fewer than ten ranges; a longer list is not worth reading to its end.
        for range in header.split(',').take(20) {
            let (tag, weight) = range.split_once(';').unwrap_or((range, "q=1"));
            let weight = weight
                .trim()
                .strip_prefix("q=")
                .and_then(|q| q.parse::<f32>().ok());
            let (Some(language), Some(weight)) = (Self::of_range(tag.trim()), weight) else {
                continue;
            };
            if weight > 0.0 && best.is_none_or(|(highest, _)| weight > highest) {
                best = Some((weight, language));
            }
        }
        best.map(|(_, language)| language)
    }

    fn of_range(range: &str) -> Option<Self> {
        let primary = range.split('-').next().unwrap_or_default();
        if primary.eq_ignore_ascii_case("ja") {
            Some(Self::Japanese)
        } else if primary.eq_ignore_ascii_case("en") {
            Some(Self::English)
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Language::{self, English, Japanese};

    #[test]
    fn the_client_s_wish_comes_before_the_browser_s() {
        assert_eq!(Language::choose(Some("fr en-GB ja"), Some("ja")), English);
        assert_eq!(Language::choose(Some("fr"), Some("en")), English);
        assert_eq!(Language::choose(None, None), Japanese);
    }

    #[test]
    fn the_heaviest_language_of_the_browser_wins() {
        assert_eq!(Language::choose(None, Some("en;q=0.5, ja;q=0.9")), Japanese);
        assert_eq!(
            Language::choose(None, Some("fr, en-US;q=0.8, ja;q=0.8")),
            English
        );
        assert_eq!(Language::choose(None, Some("en;q=0, fr")), Japanese);
        assert_eq!(Language::choose(None, Some("nonsense;;q=,")), Japanese);
    }
}
