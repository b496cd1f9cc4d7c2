-- Voucher batches, their quotas by district, vouchers, and what orders have reserved on them.
CREATE TABLE vouchers_batch (
    id TEXT PRIMARY KEY,
    programme_id TEXT NOT NULL,
    instrument_id TEXT NOT NULL,
    title_zh TEXT NOT NULL,
    title_en TEXT NOT NULL,
    -- What the public pays of a contract, in basis points (0.01 %).
    rate_bp BIGINT NOT NULL,
    -- What the enterprise must pay itself at least, in basis points: the programme's rules read it as batch.own_share_bp.
    own_share_bp BIGINT NOT NULL,
    face_value_fen BIGINT NOT NULL,
    validity_days BIGINT NOT NULL,
    -- For how many days an order keeps money held until it is settled.
    hold_days BIGINT NOT NULL,
    opens_on TEXT NOT NULL,
    closes_on TEXT NOT NULL,
    budget_fen BIGINT NOT NULL,
    provider_quota_fen BIGINT,
    enterprise_year_quota_fen BIGINT,
    state TEXT NOT NULL,
    opened_at_us BIGINT NOT NULL,
    closed_at_us BIGINT
);
CREATE INDEX vouchers_batch_state ON vouchers_batch (state, opens_on);

CREATE TABLE vouchers_district_quota (
    batch_id TEXT NOT NULL,
    district TEXT NOT NULL,
    quota_fen BIGINT NOT NULL,
    PRIMARY KEY (batch_id, district)
);

CREATE TABLE vouchers_voucher (
    id TEXT PRIMARY KEY,
    number TEXT NOT NULL UNIQUE,
    batch_id TEXT NOT NULL,
    programme_id TEXT NOT NULL,
    instrument_id TEXT NOT NULL,
    org_id TEXT NOT NULL,
    district TEXT NOT NULL,
    case_id TEXT NOT NULL UNIQUE,
    decision_id TEXT NOT NULL,
    face_fen BIGINT NOT NULL,
    -- What has gone back to the quota, expired or cancelled.
    returned_fen BIGINT NOT NULL,
    issued_on TEXT NOT NULL,
    expires_on TEXT NOT NULL,
    state TEXT NOT NULL,
    -- Why it was frozen or cancelled.
    reason TEXT NOT NULL
);
CREATE INDEX vouchers_voucher_org ON vouchers_voucher (org_id, id);
CREATE INDEX vouchers_voucher_district ON vouchers_voucher (district, id);
CREATE INDEX vouchers_voucher_batch ON vouchers_voucher (batch_id, id);
CREATE INDEX vouchers_voucher_issued ON vouchers_voucher (batch_id, issued_on);
CREATE INDEX vouchers_voucher_state ON vouchers_voucher (state, id);
CREATE INDEX vouchers_voucher_due ON vouchers_voucher (state, expires_on, id);

CREATE TABLE vouchers_reservation (
    -- The hold's transfer id.
    id TEXT PRIMARY KEY,
    order_id TEXT NOT NULL UNIQUE,
    voucher_id TEXT NOT NULL,
    batch_id TEXT NOT NULL,
    org_id TEXT NOT NULL,
    provider_id TEXT NOT NULL,
    amount_fen BIGINT NOT NULL,
    settled_fen BIGINT NOT NULL,
    state TEXT NOT NULL,
    reserved_on TEXT NOT NULL,
    expires_on TEXT NOT NULL,
    resolved_on TEXT
);
CREATE INDEX vouchers_reservation_voucher ON vouchers_reservation (voucher_id, id);
CREATE INDEX vouchers_reservation_provider ON vouchers_reservation (batch_id, provider_id, state);
CREATE INDEX vouchers_reservation_org ON vouchers_reservation (org_id, resolved_on);
CREATE INDEX vouchers_reservation_due ON vouchers_reservation (state, expires_on, id);

CREATE VIEW pub_vouchers_batch AS
SELECT id AS batch_id, programme_id, instrument_id, title_zh, title_en, rate_bp, own_share_bp, face_value_fen, validity_days,
    opens_on, closes_on, budget_fen, provider_quota_fen, enterprise_year_quota_fen, state
FROM vouchers_batch;

CREATE VIEW pub_vouchers_voucher AS
SELECT id AS voucher_id, number, batch_id, programme_id, instrument_id, org_id, district, case_id, face_fen,
    returned_fen, issued_on, expires_on, state
FROM vouchers_voucher;
