-- Claims on held voucher money, the evidence each was paid on, payments to providers, recoveries (ST-1 … ST-3).
-- One text for SQLite and PostgreSQL.
CREATE TABLE settlement_claim (
    id TEXT PRIMARY KEY,
    number TEXT NOT NULL UNIQUE,
    order_id TEXT NOT NULL,
    order_number TEXT NOT NULL,
    provider_id TEXT NOT NULL,
    enterprise_id TEXT NOT NULL,
    voucher_id TEXT NOT NULL,
    batch_id TEXT NOT NULL,
    programme_id TEXT NOT NULL,
    instrument_id TEXT NOT NULL,
    district TEXT NOT NULL,
    state TEXT NOT NULL,
    remark TEXT NOT NULL,
    claimed_by TEXT NOT NULL,
    claimed_on TEXT NOT NULL,
    claimed_at_us BIGINT NOT NULL,
    -- Set when it is decided; what was looked at is in gathered_json.
    level TEXT,
    eligible_paid_fen BIGINT,
    amount_fen BIGINT,
    decision_id TEXT,
    gathered_json TEXT,
    refused_code TEXT,
    refused_zh TEXT,
    refused_en TEXT,
    decided_by TEXT,
    decided_on TEXT,
    -- Set when the bank has paid it.
    payment_id TEXT,
    paid_on TEXT
);
-- An order has one claim that is not refused, ever: it is settled once.
CREATE UNIQUE INDEX settlement_claim_open ON settlement_claim (order_id) WHERE state <> 'refused';
CREATE INDEX settlement_claim_order ON settlement_claim (order_id, id);
CREATE INDEX settlement_claim_provider ON settlement_claim (provider_id, id);
CREATE INDEX settlement_claim_provider_state ON settlement_claim (provider_id, state, id);
CREATE INDEX settlement_claim_provider_decided ON settlement_claim (provider_id, decided_on, id);
CREATE INDEX settlement_claim_enterprise ON settlement_claim (enterprise_id, id);
CREATE INDEX settlement_claim_district ON settlement_claim (district, id);
CREATE INDEX settlement_claim_state ON settlement_claim (state, id);
CREATE INDEX settlement_claim_payment ON settlement_claim (payment_id);

-- ST-1: `ref` names a paper or a month of use for good, whatever row holds it now; each pays once.
CREATE TABLE settlement_evidence (
    claim_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    ref TEXT NOT NULL,
    -- The row that held it when it was counted.
    record_id TEXT NOT NULL,
    amount_fen BIGINT NOT NULL,
    CONSTRAINT settlement_evidence_once UNIQUE (kind, ref)
);
CREATE INDEX settlement_evidence_claim ON settlement_evidence (claim_id, kind, ref);
CREATE INDEX settlement_evidence_record ON settlement_evidence (kind, record_id);

-- One transfer by the bank for everything that was owed to a provider, less what it had to pay back.
CREATE TABLE settlement_payment (
    id TEXT PRIMARY KEY,
    number TEXT NOT NULL UNIQUE,
    provider_id TEXT NOT NULL,
    claims BIGINT NOT NULL,
    gross_fen BIGINT NOT NULL,
    set_off_fen BIGINT NOT NULL,
    paid_fen BIGINT NOT NULL,
    -- NULL where everything was set off and the bank had nothing to do.
    bank_reference TEXT,
    transfer_id TEXT,
    paid_on TEXT NOT NULL,
    made_by TEXT NOT NULL,
    made_at_us BIGINT NOT NULL,
    CHECK (gross_fen = set_off_fen + paid_fen)
);
CREATE INDEX settlement_payment_provider ON settlement_payment (provider_id, paid_on, id);

-- Money that must come back. A row here is never changed; what has come back is in settlement_return.
CREATE TABLE settlement_recovery (
    id TEXT PRIMARY KEY,
    number TEXT NOT NULL UNIQUE,
    claim_id TEXT NOT NULL,
    provider_id TEXT NOT NULL,
    batch_id TEXT NOT NULL,
    amount_fen BIGINT NOT NULL CHECK (amount_fen > 0),
    code TEXT NOT NULL,
    reason_zh TEXT NOT NULL,
    reason_en TEXT NOT NULL,
    -- What would have been due, where a correction of a bill is the reason.
    decision_id TEXT,
    transfer_id TEXT NOT NULL UNIQUE,
    made_by TEXT NOT NULL,
    made_on TEXT NOT NULL,
    made_at_us BIGINT NOT NULL
);
CREATE INDEX settlement_recovery_claim ON settlement_recovery (claim_id, id);
CREATE INDEX settlement_recovery_provider ON settlement_recovery (provider_id, made_on, id);

-- How recovered money came back: through the bank, or set off against a payment.
CREATE TABLE settlement_return (
    id TEXT PRIMARY KEY,
    recovery_id TEXT NOT NULL,
    provider_id TEXT NOT NULL,
    amount_fen BIGINT NOT NULL CHECK (amount_fen > 0),
    way TEXT NOT NULL,
    bank_reference TEXT,
    payment_id TEXT,
    transfer_id TEXT NOT NULL,
    returned_on TEXT NOT NULL,
    made_at_us BIGINT NOT NULL
);
CREATE INDEX settlement_return_recovery ON settlement_return (recovery_id);
CREATE INDEX settlement_return_provider ON settlement_return (provider_id, returned_on, id);

-- Corrections of bills that were looked at, each once for each claim that it concerns.
CREATE TABLE settlement_correction (
    correction_id TEXT NOT NULL,
    claim_id TEXT NOT NULL,
    decision_id TEXT NOT NULL,
    paid_fen BIGINT NOT NULL,
    due_fen BIGINT NOT NULL,
    recovery_id TEXT,
    reviewed_at_us BIGINT NOT NULL,
    PRIMARY KEY (correction_id, claim_id)
);
CREATE INDEX settlement_correction_claim ON settlement_correction (claim_id);

CREATE VIEW pub_settlement_claim AS
    SELECT c.id, c.number, c.order_id, c.provider_id, c.enterprise_id, c.voucher_id, c.batch_id, c.programme_id,
           c.district, c.state, c.level, c.eligible_paid_fen, c.amount_fen, c.refused_code, c.claimed_on, c.decided_on,
           c.paid_on,
           (SELECT CAST(COALESCE(SUM(r.amount_fen), 0) AS BIGINT) FROM settlement_recovery r WHERE r.claim_id = c.id)
               AS recovered_fen
    FROM settlement_claim c;
