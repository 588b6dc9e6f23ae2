-- One schema and one role for each authority over data, and a role that may only read the lists: a service that is
-- taken over holds no more power over the data than its role needs. Run once, by a superuser, in the database.
-- Passwords are set apart from this file: ALTER ROLE ... PASSWORD, or certificates in pg_hba.conf.
--
--   role          role of Akashi                                  URL in
--   crl_writer    crl-sync                                        crl-sync.toml [store] crl
--   crl_reader    revocation-lookup                               revocation-lookup.toml [store] crl
--   audit         revocation-lookup, signing-certificate          [store] audit
--   holder_links  signature-verification, crl-sync                [store] holder_links
--   gateway       oidc-gateway                                    oidc-gateway.toml [store] gateway
CREATE ROLE crl_writer LOGIN;
CREATE ROLE crl_reader LOGIN;
CREATE ROLE audit LOGIN;
CREATE ROLE holder_links LOGIN;
CREATE ROLE gateway LOGIN;

-- URLs name no schema: each role finds its tables through its own search path.
ALTER ROLE crl_writer SET search_path = crl;
ALTER ROLE crl_reader SET search_path = crl;
ALTER ROLE crl_reader SET default_transaction_read_only = on;
ALTER ROLE audit SET search_path = audit;
ALTER ROLE holder_links SET search_path = holder_links;
ALTER ROLE gateway SET search_path = gateway;

REVOKE ALL ON SCHEMA public FROM PUBLIC;
CREATE SCHEMA crl AUTHORIZATION crl_writer;
CREATE SCHEMA audit AUTHORIZATION audit;
CREATE SCHEMA holder_links AUTHORIZATION holder_links;
CREATE SCHEMA gateway AUTHORIZATION gateway;
GRANT USAGE ON SCHEMA crl TO crl_reader;
ALTER DEFAULT PRIVILEGES FOR ROLE crl_writer IN SCHEMA crl GRANT SELECT ON TABLES TO crl_reader;
