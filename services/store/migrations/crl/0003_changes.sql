-- What changed since a reader looked last, so that it need not read everything again.

-- The generation at which the set of sources changed last: what was read before is of no use then.
ALTER TABLE crl_feed ADD COLUMN registered BIGINT NOT NULL DEFAULT 0;

-- The generation at which the list of the source, or what is held of it, changed last.
ALTER TABLE crl_source ADD COLUMN changed BIGINT NOT NULL DEFAULT 0;

-- The number of the newest attempt at the source, as crl_feed counts them.
ALTER TABLE crl_source ADD COLUMN attempt BIGINT NOT NULL DEFAULT 0;

-- A random number for each generation. A copy that was restored and has gone on since gives out its generations again,
-- with other marks. Only the newest generations are kept: a reader that knows an older one reads everything.
ALTER TABLE crl_feed ADD COLUMN mark BIGINT NOT NULL DEFAULT 0;

CREATE TABLE crl_change (
    generation BIGINT NOT NULL PRIMARY KEY,
    mark BIGINT NOT NULL
);
