-- Columns are BIGINT, TEXT and BYTEA only, so that the text runs on SQLite and PostgreSQL alike.

-- One sign-in, from the authorization request to the end of its access token. One row, so that every step is one
-- statement that either happens or does not: there is nothing between two steps that a crash or a race could see.
-- Bearer secrets are kept as SHA-256 only; the person's identity only encrypted under one of those secrets.
CREATE TABLE sign_in (
    interaction_id TEXT NOT NULL PRIMARY KEY,
    stage TEXT NOT NULL,
    client_id TEXT NOT NULL,
    redirect_uri TEXT NOT NULL,
    state TEXT NOT NULL,
    nonce TEXT NOT NULL,
    scope TEXT NOT NULL,
    code_challenge TEXT NOT NULL,
    language TEXT NOT NULL,
    browser_hash BYTEA NOT NULL,
    challenge_random BYTEA NOT NULL,
    challenge_expires_at BIGINT NOT NULL,
    return_token_hash BYTEA,
    refusal TEXT NOT NULL,
    authenticated_at BIGINT NOT NULL,
    sealed_identity BYTEA NOT NULL,
    code_hash BYTEA,
    access_token_hash BYTEA,
    expires_at BIGINT NOT NULL
);

CREATE UNIQUE INDEX sign_in_code ON sign_in (code_hash);
CREATE UNIQUE INDEX sign_in_access_token ON sign_in (access_token_hash);
CREATE INDEX sign_in_expiry ON sign_in (expires_at);
CREATE INDEX sign_in_client ON sign_in (client_id);

-- Client assertions that were used: each is good once.
CREATE TABLE assertion_id (
    assertion_hash BYTEA NOT NULL PRIMARY KEY,
    client_id TEXT NOT NULL,
    expires_at BIGINT NOT NULL
);

CREATE INDEX assertion_id_expiry ON assertion_id (expires_at);
CREATE INDEX assertion_id_client ON assertion_id (client_id);
