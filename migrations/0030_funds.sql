-- Money: accounts with four counters, transfers that never change. One text for SQLite and PostgreSQL.
CREATE TABLE funds_account (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    floor TEXT NOT NULL,
    -- The account that feeds it: the money tree. Empty at a root.
    parent TEXT NOT NULL,
    closed BOOLEAN NOT NULL,
    opened_at_us BIGINT NOT NULL,
    debits_pending_fen BIGINT NOT NULL,
    debits_posted_fen BIGINT NOT NULL,
    credits_pending_fen BIGINT NOT NULL,
    credits_posted_fen BIGINT NOT NULL,
    -- The newest transfer that touches it; older ones hang on that one's *_previous_seq.
    last_seq BIGINT NOT NULL
);
CREATE INDEX funds_account_parent ON funds_account (parent, kind, id);

-- Only ever appended to. The transfers of an account are a chain from its last_seq through debit_previous_seq or
-- credit_previous_seq (0 ends it): an index by account would be written at a random place twice for each transfer.
CREATE TABLE funds_transfer (
    id TEXT PRIMARY KEY,
    seq BIGINT NOT NULL UNIQUE,
    debit TEXT NOT NULL,
    credit TEXT NOT NULL,
    amount_fen BIGINT NOT NULL CHECK (amount_fen > 0),
    code TEXT NOT NULL,
    kind TEXT NOT NULL,
    pending_id TEXT,
    expires_on TEXT,
    linked BOOLEAN NOT NULL,
    reference TEXT NOT NULL,
    at_us BIGINT NOT NULL,
    debit_previous_seq BIGINT NOT NULL,
    credit_previous_seq BIGINT NOT NULL
);
-- What resolved a hold; that it is unique is LG-3 in the schema.
CREATE UNIQUE INDEX funds_transfer_resolves ON funds_transfer (pending_id) WHERE pending_id IS NOT NULL;

-- The document by which the treasury granted money.
CREATE TABLE funds_appropriation (
    transfer_id TEXT PRIMARY KEY,
    programme_id TEXT NOT NULL,
    document_number TEXT NOT NULL UNIQUE,
    document_title TEXT NOT NULL,
    document_on TEXT NOT NULL
);

-- What the bank did, by its own reference, once: a payment to a provider or a repayment by one.
CREATE TABLE funds_bank_movement (
    bank_reference TEXT PRIMARY KEY,
    transfer_id TEXT NOT NULL UNIQUE,
    direction TEXT NOT NULL,
    provider_id TEXT NOT NULL,
    amount_fen BIGINT NOT NULL,
    moved_on TEXT NOT NULL
);
CREATE INDEX funds_bank_movement_provider ON funds_bank_movement (provider_id, moved_on);

CREATE VIEW pub_funds_account AS
SELECT id AS account_id, kind, parent, closed,
    CASE WHEN kind IN ('bank', 'receivable') THEN debits_posted_fen ELSE credits_posted_fen END AS taken_fen,
    CASE WHEN kind IN ('bank', 'receivable') THEN credits_posted_fen ELSE debits_posted_fen END AS given_fen,
    CASE WHEN kind IN ('bank', 'receivable') THEN credits_pending_fen ELSE debits_pending_fen END AS held_fen,
    CASE WHEN kind IN ('bank', 'receivable') THEN debits_posted_fen - credits_posted_fen - credits_pending_fen
         ELSE credits_posted_fen - debits_posted_fen - debits_pending_fen END AS available_fen
FROM funds_account;

CREATE VIEW pub_funds_transfer AS
SELECT seq, id AS transfer_id, debit, credit, amount_fen, code, kind, pending_id, expires_on, reference, at_us
FROM funds_transfer;
