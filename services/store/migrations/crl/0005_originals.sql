-- Lists as they were fetched, where that is configured: for who wants to verify one by other means.
CREATE TABLE crl_original (
    -- The generation that the list came into force with.
    generation BIGINT NOT NULL PRIMARY KEY,
    source TEXT NOT NULL,
    certification_authority TEXT NOT NULL,
    crl_number BYTEA NOT NULL,
    this_update BIGINT NOT NULL,
    -- Of the octets of the list.
    sha256 BYTEA NOT NULL,
    octets BIGINT NOT NULL,
    chunks BIGINT NOT NULL,
    -- It goes with the first list of any source that was issued then or later.
    kept_until BIGINT NOT NULL
);

CREATE INDEX crl_original_of_source ON crl_original (source, crl_number);
CREATE INDEX crl_original_by_end ON crl_original (kept_until);

CREATE TABLE crl_original_chunk (
    generation BIGINT NOT NULL,
    chunk BIGINT NOT NULL,
    content BYTEA NOT NULL,
    PRIMARY KEY (generation, chunk)
);
