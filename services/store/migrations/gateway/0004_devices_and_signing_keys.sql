-- How the card leg was opened. The link of the page and the QR code each carry a secret of their own, of which only the
-- hash is here; both secrets can be made again from the browser's, which is not here either. A sign-in that was under way
-- when this column came cannot be opened any more and is begun again.
ALTER TABLE sign_in ADD COLUMN link_hash BYTEA;
ALTER TABLE sign_in ADD COLUMN qr_random BYTEA;
ALTER TABLE sign_in ADD COLUMN qr_hash BYTEA;
ALTER TABLE sign_in ADD COLUMN card_random BYTEA;
ALTER TABLE sign_in ADD COLUMN card_hash BYTEA;
ALTER TABLE sign_in ADD COLUMN other_device_until BIGINT NOT NULL DEFAULT 0;

-- The public halves of the keys that sign ID tokens: since when relying parties can know each of them, and when a gateway
-- last held the private half. No private key is ever here.
CREATE TABLE published_key (
    key_id TEXT NOT NULL PRIMARY KEY,
    jwk TEXT NOT NULL,
    published_at BIGINT NOT NULL,
    held_at BIGINT NOT NULL
);
