-- The journal (JR-1 … JR-3), idempotency keys. One text for SQLite and PostgreSQL.
CREATE TABLE journal_row (
    seq BIGINT PRIMARY KEY,
    at_us BIGINT NOT NULL,
    actor_id TEXT NOT NULL,
    actor_name TEXT NOT NULL,
    role TEXT NOT NULL,
    verb TEXT NOT NULL,
    object TEXT NOT NULL,
    before_json TEXT NOT NULL,
    after_json TEXT NOT NULL,
    request_id TEXT NOT NULL
);
CREATE INDEX journal_row_object ON journal_row (object, seq);
CREATE INDEX journal_row_actor ON journal_row (actor_id, seq);

CREATE TABLE journal_block (
    number BIGINT PRIMARY KEY,
    first_seq BIGINT NOT NULL,
    last_seq BIGINT NOT NULL,
    previous_hash TEXT NOT NULL,
    hash TEXT NOT NULL,
    signature TEXT NOT NULL,
    public_key TEXT NOT NULL,
    sealed_at_us BIGINT NOT NULL
);

CREATE TABLE idempotency (
    actor_id TEXT NOT NULL,
    key TEXT NOT NULL,
    content_sha256 TEXT NOT NULL,
    response_json TEXT NOT NULL,
    at_us BIGINT NOT NULL,
    PRIMARY KEY (actor_id, key)
);

-- Numbers that people read (case numbers, voucher numbers): one counter a series, without gaps.
CREATE TABLE counter (
    series TEXT PRIMARY KEY,
    last_value BIGINT NOT NULL
);
