"""The tables of the index, in two files: one can be made again from the PNGs, the other is the visitors' own."""

PICTURES_VERSION, MARKS_VERSION = 2, 1
"""An index of pictures of another version is made anew. A new form of the marks must read the old one."""

PICTURES = """
CREATE TABLE IF NOT EXISTS pictures (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    fingerprint TEXT NOT NULL,
    seed TEXT NOT NULL,
    model TEXT NOT NULL,
    words TEXT NOT NULL,
    draft_steps INTEGER,
    made REAL NOT NULL,
    recipe TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS pictures_by_date ON pictures (made, name);
CREATE INDEX IF NOT EXISTS pictures_by_seed ON pictures (seed, made, name);
CREATE INDEX IF NOT EXISTS pictures_by_model ON pictures (model, made, name);
CREATE TABLE IF NOT EXISTS unreadable (name TEXT PRIMARY KEY);
"""
"""`name` is that of the PNG without its ending. Seeds have 64 bits without a sign, which SQLite's integers have not.
`unreadable` lists files that say nothing, to be read only once."""

FULL_TEXT = """
CREATE VIRTUAL TABLE IF NOT EXISTS full_text USING fts5 (
    words, content='pictures', content_rowid='id', tokenize='unicode61 remove_diacritics 2', prefix='2 3'
);
CREATE TRIGGER IF NOT EXISTS words_added AFTER INSERT ON pictures BEGIN
    INSERT INTO full_text (rowid, words) VALUES (new.id, new.words);
END;
CREATE TRIGGER IF NOT EXISTS words_removed AFTER DELETE ON pictures BEGIN
    INSERT INTO full_text (full_text, rowid, words) VALUES ('delete', old.id, old.words);
END;
"""

MARKS = """
CREATE TABLE IF NOT EXISTS own.owners (
    owner TEXT NOT NULL, name TEXT NOT NULL, since REAL NOT NULL, PRIMARY KEY (owner, name)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS own.owners_by_date ON owners (owner, since, name);
CREATE INDEX IF NOT EXISTS own.owners_by_name ON owners (name, since);
CREATE TABLE IF NOT EXISTS own.marks (
    owner TEXT NOT NULL,
    name TEXT NOT NULL,
    mark TEXT NOT NULL DEFAULT '' CHECK (mark IN ('', 'keep', 'reject')),
    stars INTEGER NOT NULL DEFAULT 0 CHECK (stars BETWEEN 0 AND 5),
    PRIMARY KEY (owner, name)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS own.seeds (
    owner TEXT NOT NULL,
    label TEXT NOT NULL COLLATE NOCASE,
    seed TEXT NOT NULL,
    model TEXT NOT NULL,
    made REAL NOT NULL,
    PRIMARY KEY (owner, label)
) WITHOUT ROWID;
"""
