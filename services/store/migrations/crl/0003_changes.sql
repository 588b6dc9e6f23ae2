-- What changed since a reader looked last, so that it need not read everything again.

-- The generation at which the set of sources changed last: what was read before is of no use then.
ALTER TABLE crl_feed ADD COLUMN registered BIGINT NOT NULL DEFAULT 0;

-- The generation at which the list of the source, or what is held of it, changed last.
ALTER TABLE crl_source ADD COLUMN changed BIGINT NOT NULL DEFAULT 0;

-- The number of the newest attempt at the source, as crl_feed counts them.
ALTER TABLE crl_source ADD COLUMN attempt BIGINT NOT NULL DEFAULT 0;
