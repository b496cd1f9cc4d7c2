-- Orders with their three shares, and the papers that prove them (OR-1 … OR-5). One text for SQLite and PostgreSQL.
CREATE TABLE orders_order (
    id TEXT PRIMARY KEY,
    number TEXT NOT NULL UNIQUE,
    enterprise_id TEXT NOT NULL,
    provider_id TEXT NOT NULL,
    service_id TEXT NOT NULL,
    service_version BIGINT NOT NULL,
    sub_item TEXT NOT NULL,
    voucher_id TEXT,
    batch_id TEXT,
    programme_id TEXT,
    district TEXT,
    quantity BIGINT NOT NULL,
    months BIGINT NOT NULL,
    discount_bp BIGINT NOT NULL,
    rate_bp BIGINT NOT NULL,
    list_fen BIGINT NOT NULL,
    platform_share_fen BIGINT NOT NULL,
    public_share_fen BIGINT NOT NULL,
    own_share_fen BIGINT NOT NULL,
    state TEXT NOT NULL,
    starts_on TEXT NOT NULL,
    ends_on TEXT NOT NULL,
    placed_at_us BIGINT NOT NULL,
    confirmed_at_us BIGINT,
    ended_at_us BIGINT,
    end_reason TEXT NOT NULL,
    CHECK (platform_share_fen + public_share_fen + own_share_fen = list_fen)
);
CREATE INDEX orders_order_enterprise ON orders_order (enterprise_id, id);
CREATE INDEX orders_order_provider ON orders_order (provider_id, id);
CREATE INDEX orders_order_district ON orders_order (district, id);
CREATE INDEX orders_order_state ON orders_order (state, id);
CREATE INDEX orders_order_voucher ON orders_order (voucher_id);

-- A paper is never changed: a wrong one is voided with the reason, and its number is free again.
CREATE TABLE orders_contract (
    id TEXT PRIMARY KEY,
    order_id TEXT NOT NULL REFERENCES orders_order (id),
    provider_id TEXT NOT NULL,
    number TEXT NOT NULL,
    signed_on TEXT NOT NULL,
    starts_on TEXT NOT NULL,
    ends_on TEXT NOT NULL,
    amount_fen BIGINT NOT NULL,
    buyer_uscc TEXT NOT NULL,
    seller_uscc TEXT NOT NULL,
    document_sha256 TEXT NOT NULL,
    document_json TEXT NOT NULL,
    recorded_by TEXT NOT NULL,
    recorded_at_us BIGINT NOT NULL,
    voided_at_us BIGINT,
    void_reason TEXT NOT NULL
);
CREATE INDEX orders_contract_order ON orders_contract (order_id);
CREATE UNIQUE INDEX orders_contract_one ON orders_contract (order_id) WHERE voided_at_us IS NULL;
CREATE UNIQUE INDEX orders_contract_number ON orders_contract (provider_id, number) WHERE voided_at_us IS NULL;

CREATE TABLE orders_invoice (
    id TEXT PRIMARY KEY,
    order_id TEXT NOT NULL REFERENCES orders_order (id),
    code TEXT NOT NULL,
    number TEXT NOT NULL,
    issued_on TEXT NOT NULL,
    amount_fen BIGINT NOT NULL,
    buyer_uscc TEXT NOT NULL,
    seller_uscc TEXT NOT NULL,
    document_sha256 TEXT NOT NULL,
    document_json TEXT NOT NULL,
    recorded_by TEXT NOT NULL,
    recorded_at_us BIGINT NOT NULL,
    voided_at_us BIGINT,
    void_reason TEXT NOT NULL
);
CREATE INDEX orders_invoice_order ON orders_invoice (order_id);
CREATE UNIQUE INDEX orders_invoice_number ON orders_invoice (code, number) WHERE voided_at_us IS NULL;

CREATE TABLE orders_payment (
    id TEXT PRIMARY KEY,
    order_id TEXT NOT NULL REFERENCES orders_order (id),
    bank_reference TEXT NOT NULL,
    paid_on TEXT NOT NULL,
    amount_fen BIGINT NOT NULL,
    payer_uscc TEXT NOT NULL,
    payee_uscc TEXT NOT NULL,
    document_sha256 TEXT NOT NULL,
    document_json TEXT NOT NULL,
    recorded_by TEXT NOT NULL,
    recorded_at_us BIGINT NOT NULL,
    voided_at_us BIGINT,
    void_reason TEXT NOT NULL
);
CREATE INDEX orders_payment_order ON orders_payment (order_id);
CREATE UNIQUE INDEX orders_payment_reference ON orders_payment (bank_reference) WHERE voided_at_us IS NULL;

CREATE VIEW pub_orders_order AS
    SELECT id AS order_id, number, enterprise_id, provider_id, service_id, sub_item, voucher_id, batch_id, programme_id,
           district, quantity, months, list_fen, platform_share_fen, public_share_fen, own_share_fen, state, starts_on,
           ends_on, placed_at_us, confirmed_at_us
    FROM orders_order;

-- Papers that stand. `ref` names one for good: contract by provider and number, invoice by code and number.
CREATE VIEW pub_orders_paper AS
    SELECT id AS paper_id, order_id, 'contract' AS kind, provider_id || '/' || number AS ref, signed_on AS dated_on,
           amount_fen, document_sha256
    FROM orders_contract WHERE voided_at_us IS NULL
    UNION ALL
    SELECT id, order_id, 'invoice', code || '/' || number, issued_on, amount_fen, document_sha256
    FROM orders_invoice WHERE voided_at_us IS NULL
    UNION ALL
    SELECT id, order_id, 'payment', bank_reference, paid_on, amount_fen, document_sha256
    FROM orders_payment WHERE voided_at_us IS NULL;
