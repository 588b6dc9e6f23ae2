-- Every arriving link asks which links share its old end. Without this index each would read all links there are.
CREATE INDEX holder_link_by_predecessor ON holder_link (certification_authority, old_hash);
