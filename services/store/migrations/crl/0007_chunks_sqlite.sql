-- SQLite never compresses; the PostgreSQL file of this number says what it is about.
SELECT 1;
