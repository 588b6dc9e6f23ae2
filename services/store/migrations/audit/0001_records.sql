-- Columns are BIGINT, TEXT and BYTEA only, so that the text runs on SQLite and PostgreSQL alike.
-- Times are seconds since 1970-01-01T00:00:00Z; a minute is such a time divided by 60.

-- One row for each check of a certificate, committed before it is answered.
CREATE TABLE audit_check (
    record_id TEXT NOT NULL PRIMARY KEY,
    recorded_at BIGINT NOT NULL,
    caller TEXT NOT NULL,
    method TEXT NOT NULL,
    certificate_sha256 BYTEA NOT NULL,
    purpose TEXT NOT NULL,
    case_reference TEXT NOT NULL,
    outcome TEXT NOT NULL,
    evidence TEXT NOT NULL
);

CREATE INDEX audit_check_by_time ON audit_check (recorded_at);

-- The first refusals of each caller in each minute.
CREATE TABLE audit_refusal (
    record_id TEXT NOT NULL PRIMARY KEY,
    recorded_at BIGINT NOT NULL,
    -- Empty: a caller without a verified identity.
    caller TEXT NOT NULL,
    method TEXT NOT NULL,
    reason TEXT NOT NULL
);

CREATE INDEX audit_refusal_by_time ON audit_refusal (recorded_at);

-- All refusals of each caller in each minute.
CREATE TABLE audit_refusal_total (
    caller TEXT NOT NULL,
    minute BIGINT NOT NULL,
    total BIGINT NOT NULL,
    PRIMARY KEY (caller, minute)
);

-- Lookups, which are too many for a record each.
CREATE TABLE audit_ledger (
    minute BIGINT NOT NULL,
    caller TEXT NOT NULL,
    certification_authority TEXT NOT NULL,
    method TEXT NOT NULL,
    purpose TEXT NOT NULL,
    outcome TEXT NOT NULL,
    total BIGINT NOT NULL,
    PRIMARY KEY (minute, caller, certification_authority, method, purpose, outcome)
);
