-- Authorization requests that clients pushed (RFC 9126). The reference is a bearer secret and kept as SHA-256 only; what is
-- kept of the request is what the client would else have sent through the browser.
CREATE TABLE pushed_request (
    request_uri_hash BYTEA NOT NULL PRIMARY KEY,
    client_id TEXT NOT NULL,
    parameters TEXT NOT NULL,
    dpop_jkt TEXT NOT NULL,
    -- The one sign-in that answered it; empty until then. A reference stays good while people reload the page or open it in
    -- another tab, and leads to one answer.
    answered_by TEXT NOT NULL,
    -- Until when a sign-in may begin with it.
    expires_at BIGINT NOT NULL,
    -- Until when a sign-in that began with it may be answered.
    kept_until BIGINT NOT NULL
);

CREATE INDEX pushed_request_expiry ON pushed_request (kept_until);
CREATE INDEX pushed_request_client ON pushed_request (client_id);

-- The pushed request that a sign-in answers, if it does.
ALTER TABLE sign_in ADD COLUMN pushed_request_hash BYTEA;

-- The JWK thumbprint (RFC 7638) of the key that the code, and then the access token, is bound to (RFC 9449); empty for none.
ALTER TABLE sign_in ADD COLUMN dpop_jkt TEXT NOT NULL DEFAULT '';

-- How the client asked for the certificate to be checked: 'crl', 'ocsp', or empty for no wish.
ALTER TABLE sign_in ADD COLUMN revocation_method TEXT NOT NULL DEFAULT '';
