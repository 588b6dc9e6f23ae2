-- What left the lists. Segments beside those in force have a number of their own, which is never used twice.
ALTER TABLE crl_feed ADD COLUMN stored BIGINT NOT NULL DEFAULT 0;

CREATE TABLE crl_stored_chunk (
    stored BIGINT NOT NULL,
    chunk BIGINT NOT NULL,
    content BYTEA NOT NULL,
    PRIMARY KEY (stored, chunk)
);

-- Certificates that left the list in force of a source and count as revoked until an operator accepts that they left.
CREATE TABLE crl_held (
    source TEXT NOT NULL PRIMARY KEY,
    stored BIGINT NOT NULL,
    -- thisUpdate of the first list that they were missing from.
    since BIGINT NOT NULL,
    entry_count BIGINT NOT NULL,
    segment_sha256 BYTEA NOT NULL,
    octets BIGINT NOT NULL,
    chunks BIGINT NOT NULL
);

-- Every list that was ever in force, and what left with it: what can be said about a moment in the past.
CREATE TABLE crl_history (
    -- The generation that the list came into force with.
    generation BIGINT NOT NULL PRIMARY KEY,
    source TEXT NOT NULL,
    certification_authority TEXT NOT NULL,
    signer_key_id BYTEA NOT NULL,
    scope_key BYTEA NOT NULL,
    crl_number BYTEA NOT NULL,
    this_update BIGINT NOT NULL,
    next_update BIGINT NOT NULL,
    crl_sha256 BYTEA NOT NULL,
    entry_count BIGINT NOT NULL,
    -- thisUpdate of the list that it replaced; NULL: there was none.
    replaced_this_update BIGINT,
    -- How many certificates of that list are not on this one; NULL: nobody knows, because that list could not be read.
    departed BIGINT,
    -- 1: they were too many, and were held.
    held BIGINT NOT NULL,
    -- Their segment; NULL: none left.
    stored BIGINT,
    segment_sha256 BYTEA,
    octets BIGINT,
    chunks BIGINT
);

CREATE INDEX crl_history_of_source ON crl_history (source, this_update);
CREATE INDEX crl_history_of_scope ON crl_history (certification_authority, scope_key, this_update);

-- What operators decided about held certificates.
CREATE TABLE crl_decision (
    -- The generation that it came into force with.
    generation BIGINT NOT NULL PRIMARY KEY,
    source TEXT NOT NULL,
    certification_authority TEXT NOT NULL,
    -- Of the list in force, which the operator named.
    crl_number BYTEA NOT NULL,
    -- How many certificates were held until then.
    entry_count BIGINT NOT NULL,
    decided_by TEXT NOT NULL,
    decided_at BIGINT NOT NULL
);
