//! The validation core against genuine certificates and against everything that is almost right.

#![expect(clippy::unwrap_used, reason = "a test ends where something fails")]

mod anchors;
mod four_information;
mod genuine;
mod inspect;
mod leaf_distribution_point;
mod leaf_fields;
mod leaf_form;
mod leaf_issuer;
mod leaf_profile;
mod list_entries;
mod list_form;
mod list_scope;
mod list_stream;
mod ocsp_answer;
mod ocsp_form;
mod ocsp_openssl;
mod ocsp_question;
mod ocsp_responder;
mod path_list_order;
mod robustness;
mod signed_rubbish;
