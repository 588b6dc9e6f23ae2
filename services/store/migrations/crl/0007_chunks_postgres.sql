-- An index is dense, and a list that was fetched is read rarely: looking for what could be compressed costs more than
-- anything else about a chunk. What is stored already is read as before.
ALTER TABLE crl_segment_chunk ALTER COLUMN content SET STORAGE EXTERNAL;
ALTER TABLE crl_stored_chunk ALTER COLUMN content SET STORAGE EXTERNAL;
ALTER TABLE crl_original_chunk ALTER COLUMN content SET STORAGE EXTERNAL;
