-- Version 1. Run in one transaction, by whoever comes first.
PRAGMA application_id = 1148150643; -- "Docs"
PRAGMA user_version = 1;

CREATE TABLE users (
    name TEXT PRIMARY KEY,
    -- A PHC string.
    password_hash TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE user_roles (
    user TEXT NOT NULL REFERENCES users (name) ON DELETE CASCADE,
    role TEXT NOT NULL,
    PRIMARY KEY (user, role)
) STRICT, WITHOUT ROWID;

CREATE TABLE managed_teams (
    user TEXT NOT NULL REFERENCES users (name) ON DELETE CASCADE,
    team TEXT NOT NULL,
    PRIMARY KEY (user, team)
) STRICT, WITHOUT ROWID;

CREATE TABLE api_keys (
    -- SHA-256 of the key; the key itself is nowhere.
    hash BLOB PRIMARY KEY CHECK (length(hash) = 32),
    id TEXT NOT NULL UNIQUE,
    user TEXT NOT NULL REFERENCES users (name) ON DELETE CASCADE,
    scopes TEXT NOT NULL,
    -- Seconds since 1970.
    expires_at INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE documents (
    id TEXT PRIMARY KEY,
    -- Not a reference: callers of an outside issuer may own documents too.
    owner TEXT NOT NULL,
    team TEXT,
    visibility TEXT NOT NULL CHECK (visibility IN ('private', 'public')),
    title TEXT NOT NULL,
    body TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX documents_by_owner ON documents (owner);
CREATE INDEX documents_by_team ON documents (team);
