-- Assertions of agencies that were used: each is good once. What they asked is in audit_check.
CREATE TABLE used_assertion (
    assertion_hash BYTEA NOT NULL PRIMARY KEY,
    expires_at BIGINT NOT NULL
);

CREATE INDEX used_assertion_expiry ON used_assertion (expires_at);
