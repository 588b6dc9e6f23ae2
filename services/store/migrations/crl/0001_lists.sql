-- Columns are BIGINT, TEXT and BYTEA only, so that the text runs on SQLite and PostgreSQL alike.
-- Times are seconds since 1970-01-01T00:00:00Z. CRL numbers are unsigned big-endian, padded with zero octets on the
-- left to 20, so that comparing octets compares numbers.

-- One row. The generation rises with every change of what replicas serve, attempts with every recorded attempt.
CREATE TABLE crl_feed (
    id BIGINT NOT NULL PRIMARY KEY,
    generation BIGINT NOT NULL,
    attempts BIGINT NOT NULL
);

INSERT INTO crl_feed (id, generation, attempts) VALUES (1, 0, 0);

-- The places that lists come from, as crl-sync is configured, and how the newest attempt ended.
CREATE TABLE crl_source (
    source TEXT NOT NULL PRIMARY KEY,
    certification_authority TEXT NOT NULL,
    -- Scope the source is configured for: empty for the full list, NULL for whatever it delivers.
    expected_scope_key BYTEA,
    ordinal BIGINT NOT NULL,
    last_attempt_at BIGINT,
    last_success_at BIGINT,
    -- The rule that the newest attempt broke; empty when it succeeded.
    last_refusal TEXT NOT NULL
);

-- The one list in force of each source.
CREATE TABLE crl_segment (
    source TEXT NOT NULL PRIMARY KEY,
    generation BIGINT NOT NULL,
    certification_authority TEXT NOT NULL,
    signer_key_id BYTEA NOT NULL,
    scope_key BYTEA NOT NULL,
    issuing_distribution_point BYTEA NOT NULL,
    crl_number BYTEA NOT NULL,
    this_update BIGINT NOT NULL,
    next_update BIGINT NOT NULL,
    crl_sha256 BYTEA NOT NULL,
    entry_count BIGINT NOT NULL,
    segment_sha256 BYTEA NOT NULL,
    octets BIGINT NOT NULL,
    chunks BIGINT NOT NULL
);

CREATE TABLE crl_segment_chunk (
    source TEXT NOT NULL,
    generation BIGINT NOT NULL,
    chunk BIGINT NOT NULL,
    content BYTEA NOT NULL,
    PRIMARY KEY (source, generation, chunk)
);

-- The highest number ever accepted for a signer and scope. Rows are never deleted: an old list must stay refused after
-- its segment, its source and its configuration are gone.
CREATE TABLE crl_high_water (
    signer_key_id BYTEA NOT NULL,
    scope_key BYTEA NOT NULL,
    crl_number BYTEA NOT NULL,
    this_update BIGINT NOT NULL,
    crl_sha256 BYTEA NOT NULL,
    PRIMARY KEY (signer_key_id, scope_key)
);
