-- Certificates that were revoked since the list in force of a source, as its newest delta list says (RFC 5280 section
-- 5.2.4). Nobody leaves a list by a delta: that is for the next complete list to say.
CREATE TABLE crl_delta (
    -- The source of the list that it changes.
    source TEXT NOT NULL PRIMARY KEY,
    stored BIGINT NOT NULL,
    base_number BYTEA NOT NULL,
    crl_number BYTEA NOT NULL,
    this_update BIGINT NOT NULL,
    next_update BIGINT NOT NULL,
    crl_sha256 BYTEA NOT NULL,
    -- Of the segment.
    entry_count BIGINT NOT NULL,
    segment_sha256 BYTEA NOT NULL,
    octets BIGINT NOT NULL,
    chunks BIGINT NOT NULL
);

-- As crl_high_water, for delta lists.
CREATE TABLE crl_delta_high_water (
    signer_key_id BYTEA NOT NULL,
    scope_key BYTEA NOT NULL,
    crl_number BYTEA NOT NULL,
    this_update BIGINT NOT NULL,
    crl_sha256 BYTEA NOT NULL,
    PRIMARY KEY (signer_key_id, scope_key)
);
