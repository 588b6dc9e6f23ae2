//! What people read of a signature, in both languages. Nothing here speaks of validity: nobody has verified anything yet.

use crate::language::Language::{self, English, Japanese};

/// A heading and a text.
pub(crate) struct SignatureWords {
    pub(crate) heading: &'static str,
    pub(crate) text: String,
}

/// Who a signature is for, with the name that people read.
#[derive(Clone, Copy)]
pub(crate) enum ReadBy<'a> {
    /// The client itself, an administrative agency.
    Client(&'a str),
    /// A platform operator: the client cannot read what it passes on.
    PlatformOperator(&'a str),
}

impl Language {
    /// Before the card is read.
    pub(crate) fn signature_asked_for(self, reader: ReadBy<'_>) -> SignatureWords {
        let (to, others) = self.recipient(reader);
        match self {
            Japanese => SignatureWords {
                heading: "電子署名も求められています",
                text: format!(
                    "カードで作成する電子署名と、署名用電子証明書（氏名・住所・生年月日・性別が記録されています）が、暗号化して{to}に渡されます。{others}"
                ),
            },
            English => SignatureWords {
                heading: "A digital signature is asked for as well",
                text: format!(
                    "The signature that your card makes, and your signing certificate, which holds your name, address, \
                     date of birth and gender, will be handed over, encrypted, to {to}.{others}"
                ),
            },
        }
    }

    /// Before the person consents.
    pub(crate) fn signature_handed_over(self, reader: ReadBy<'_>) -> SignatureWords {
        let (to, others) = self.recipient(reader);
        match self {
            Japanese => SignatureWords {
                heading: "電子署名を渡します",
                text: format!(
                    "カードで作成した電子署名と、署名用電子証明書（氏名・住所・生年月日・性別が記録されています）を、暗号化して{to}に渡します。{others}電子署名はここでは検証していません。検証は受け取った側が行います。"
                ),
            },
            English => SignatureWords {
                heading: "A digital signature will be handed over",
                text: format!(
                    "The signature that your card made, and your signing certificate, which holds your name, address, \
                     date of birth and gender, will be handed over, encrypted, to {to}.{others} The signature has not \
                     been checked here: whoever receives it does that."
                ),
            },
        }
    }

    /// Who receives it, and that nobody else can read it.
    fn recipient(self, reader: ReadBy<'_>) -> (String, &'static str) {
        match (self, reader) {
            (Japanese, ReadBy::Client(name)) => (format!("「{name}」"), ""),
            (Japanese, ReadBy::PlatformOperator(name)) => (
                format!("プラットフォーム事業者「{name}」"),
                "このサービスは、その内容を読むことができません。",
            ),
            (English, ReadBy::Client(name)) => (name.to_owned(), ""),
            (English, ReadBy::PlatformOperator(name)) => (
                format!("the platform operator {name}"),
                " This service cannot read them.",
            ),
        }
    }
}
