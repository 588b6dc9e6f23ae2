-- Columns are BIGINT, TEXT and BYTEA only, so that the text runs on SQLite and PostgreSQL alike.
-- Serial numbers are never stored, only their keyed hashes.

-- Whose a certificate is. Several serials of one holder share the holder id.
CREATE TABLE holder_serial (
    certification_authority TEXT NOT NULL,
    serial_hash BYTEA NOT NULL,
    holder_id BYTEA NOT NULL,
    -- How the row came to be: 'seen' (a certificate was used) or 'linked' (named by the chain of one that was used).
    origin TEXT NOT NULL,
    recorded_at BIGINT NOT NULL,
    PRIMARY KEY (certification_authority, serial_hash)
);

CREATE INDEX holder_serial_by_holder ON holder_serial (holder_id);

-- Renewals: the certificate `new_hash` succeeded `old_hash`.
CREATE TABLE holder_link (
    certification_authority TEXT NOT NULL,
    new_hash BYTEA NOT NULL,
    old_hash BYTEA NOT NULL,
    -- The number of the file that brought it.
    number BIGINT NOT NULL,
    -- 'active' (resolving follows it), 'held' (waits for a decision), 'accepted' (was held, then joined).
    state TEXT NOT NULL,
    received_at BIGINT NOT NULL,
    decided_at BIGINT,
    decided_by TEXT,
    PRIMARY KEY (certification_authority, new_hash, old_hash)
);

CREATE INDEX holder_link_by_state ON holder_link (state);

-- The newest file of links of each certification authority.
CREATE TABLE holder_link_file (
    certification_authority TEXT NOT NULL PRIMARY KEY,
    number BIGINT NOT NULL,
    applied_at BIGINT NOT NULL
);
