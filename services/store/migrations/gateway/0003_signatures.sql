-- A signature that a client asked for, from the digest to the end of its result. One row, so that it is used in one
-- sign-in and answered once. Of what the card gave back only the encrypted result is kept, and of the signing
-- certificate a commitment: SHA-256 over this transaction's identifier and the certificate.
CREATE TABLE signature_transaction (
    transaction_id TEXT NOT NULL PRIMARY KEY,
    client_id TEXT NOT NULL,
    stage TEXT NOT NULL,
    to_sign BYTEA NOT NULL,
    interaction_id TEXT,
    result TEXT NOT NULL,
    certificate_commitment BYTEA NOT NULL,
    fetches_left BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);

CREATE UNIQUE INDEX signature_transaction_interaction ON signature_transaction (interaction_id);
CREATE INDEX signature_transaction_expiry ON signature_transaction (expires_at);
CREATE INDEX signature_transaction_client ON signature_transaction (client_id);

-- Access tokens that open a signature transaction and nothing else; dpop_jkt is empty unless the token is bound to a key.
CREATE TABLE signing_token (
    token_hash BYTEA NOT NULL PRIMARY KEY,
    client_id TEXT NOT NULL,
    dpop_jkt TEXT NOT NULL,
    expires_at BIGINT NOT NULL
);

CREATE INDEX signing_token_expiry ON signing_token (expires_at);
CREATE INDEX signing_token_client ON signing_token (client_id);
