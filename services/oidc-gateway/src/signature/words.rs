//! What people read of a signature, in both languages.

use crate::language::Language::{self, English, Japanese};

/// A heading and a text.
pub(crate) struct SignatureWords {
    pub(crate) heading: &'static str,
    pub(crate) text: String,
}

impl Language {
    /// Before the card is read.
    pub(crate) fn signature_asked_for(self, recipient: &str) -> SignatureWords {
        match self {
            Japanese => SignatureWords {
                heading: "電子署名も求められています",
                text: format!(
                    "署名用の暗証番号（英数字6〜16文字）も用意してください。電子署名と署名用電子証明書は、暗号化して「{recipient}」に渡されます。"
                ),
            },
            English => SignatureWords {
                heading: "A digital signature is asked for as well",
                text: format!(
                    "Have your signing PIN (6 to 16 letters and digits) at hand too. The signature and your signing \
                     certificate will be handed over, encrypted, to {recipient}."
                ),
            },
        }
    }

    /// Before the person consents.
    pub(crate) fn signature_handed_over(self, recipient: &str) -> SignatureWords {
        match self {
            Japanese => SignatureWords {
                heading: "電子署名を渡します",
                text: format!(
                    "カードで作成した電子署名と署名用電子証明書（氏名・住所・生年月日・性別が記録されています）を、暗号化して「{recipient}」に渡します。電子署名の検証は受け取った側が行い、この画面のサービスは行いません。"
                ),
            },
            English => SignatureWords {
                heading: "A digital signature will be handed over",
                text: format!(
                    "The signature that your card made, and your signing certificate, which holds your name, address, \
                     date of birth and gender, will be handed over, encrypted, to {recipient}. Whoever receives the \
                     signature checks it; this service does not."
                ),
            },
        }
    }
}
