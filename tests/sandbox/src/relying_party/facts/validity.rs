//! What an agency is told of a signing certificate, and what that means to an office.

use super::{Fact, fact};
use crate::relying_party::agency::Validity;
use crate::relying_party::claims::{Meaning, moment_in_words};
use crate::relying_party::refusal::{Refusal, words};

/// The answer, one thing after the other.
pub(super) fn told(validity: &Validity) -> Vec<Fact> {
    let mut facts = vec![fact(
        "validity",
        words("Signing certificate (result)", "署名用電子証明書の有効性"),
        &validity.result,
        result_in_words(&validity.result),
    )];
    if let Some(revoked_at) = validity.revoked_at {
        facts.push(fact(
            "revoked-at",
            words("Revoked since (revoked_at)", "失効日時"),
            revoked_at.to_string(),
            moment_in_words(revoked_at),
        ));
    }
    if let Some(reason) = &validity.revocation_reason {
        facts.push(fact(
            "revocation-reason",
            words("Why (revocation_reason)", "失効事由"),
            reason,
            reason_in_words(reason),
        ));
    }
    if !validity.failed_rule.is_empty() {
        facts.push(fact(
            "failed-rule",
            words("Rule (failed_rule)", "満たされなかった条件"),
            &validity.failed_rule,
            Meaning::new(
                "the first check that did not pass",
                "最初に満たされなかった確認項目",
            ),
        ));
    }
    facts.push(fact(
        "checked-at",
        words("Checked (checked_at)", "確認日時"),
        validity.checked_at.to_string(),
        moment_in_words(validity.checked_at),
    ));
    facts.push(fact(
        "audit-record",
        words("Record (audit_record_id)", "監査記録"),
        &validity.audit_record_id,
        Meaning::new(
            "kept under the city's name before the answer was given",
            "回答に先立ち、市の名前で保存された記録",
        ),
    ));
    facts
}

/// The question was not answered.
pub(super) fn not_told(refusal: &Refusal) -> Fact {
    fact(
        "validity",
        words("Signing certificate", "署名用電子証明書の有効性"),
        refusal.code(),
        Meaning::new(
            "the question was not answered: the office does not take the certificate for valid, and asks again",
            "照会への回答がありません。市は有効とは扱わず、後で改めて確認します",
        ),
    )
}

/// What the outcomes of a check mean to an office.
fn result_in_words(result: &str) -> Meaning {
    let (english, japanese) = match result {
        "valid" => (
            "a trusted key of the authority issued it, it has not ended, and it is not revoked",
            "信頼できる認証局の鍵で発行され、有効期間内で、失効していません",
        ),
        "revoked" => (
            "the authority revoked it: the office does not accept what is signed with it",
            "認証局が失効させたため、この証明書による電子署名は受け付けられません",
        ),
        "expired" => (
            "its last day is over: it is renewed at the municipal office",
            "有効期限が過ぎています。市区町村の窓口で更新できます",
        ),
        "not_yet_valid" => (
            "its first day has not come yet",
            "有効期間がまだ始まっていません",
        ),
        "revocation_unknown" => (
            "whether it is revoked cannot be told at the moment: the office does not take it for valid, and asks again",
            "失効しているかどうかを現在確認できません。市は有効とは扱わず、後で改めて確認します",
        ),
        "untrusted_issuer" => (
            "no key that is trusted issued it",
            "信頼できる認証局の鍵で発行されたものではありません",
        ),
        "unsupported_certificate" | "malformed_certificate" => (
            "it is no signing certificate",
            "署名用電子証明書ではありません",
        ),
        _ => (
            "the office does not take it for valid",
            "市は有効とは扱いません",
        ),
    };
    Meaning::new(english, japanese)
}

/// What the reasons of a revocation mean at JPKI (RFC 5280 section 5.3.1).
fn reason_in_words(reason: &str) -> Meaning {
    let (english, japanese) = match reason {
        "key_compromise" => (
            "the holder's key may be in other hands, as after a loss",
            "利用者鍵危殆化（紛失など）",
        ),
        "affiliation_changed" => (
            "something it states has changed, such as the address or the name",
            "記載内容に変更（住所・氏名など）",
        ),
        "superseded" => ("it was renewed; a newer one exists", "更新"),
        "cessation_of_operation" => ("it is no longer needed", "不要"),
        "certificate_hold" => (
            "suspended on suspicion, which JPKI never lifts",
            "疑義による一時保留",
        ),
        "not_stated" => (
            "none is stated; at JPKI, destroyed before it was handed over",
            "記載なし（JPKIでは交付前破棄）",
        ),
        _ => (
            "another reason of the authority",
            "認証局によるその他の理由",
        ),
    };
    Meaning::new(english, japanese)
}
