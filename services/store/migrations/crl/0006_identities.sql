-- Since this version crl_sha256 is everywhere a list's identity: a SHA-256 over its number of octets, the hash that its
-- signature is over, and everything behind its signed part. Before, it was one over all octets of the list, which of a
-- long list costs as much again as checking its signature.

-- 1: the crl_sha256 beside it is an identity; 0: it was written before, and cannot be compared with one. The numbers
-- count all the same.
ALTER TABLE crl_high_water ADD COLUMN identified BIGINT NOT NULL DEFAULT 0;
ALTER TABLE crl_delta_high_water ADD COLUMN identified BIGINT NOT NULL DEFAULT 0;
