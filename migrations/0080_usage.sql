-- Billing accounts, bill imports, monthly statements of use, evidence levels (US-1 … US-6). One text for both databases.

-- A claim that a billing account is an enterprise's. `sub_account_id` is '' for the whole account.
CREATE TABLE usage_account (
    id TEXT PRIMARY KEY,
    provider_id TEXT NOT NULL,
    billing_account_id TEXT NOT NULL,
    sub_account_id TEXT NOT NULL,
    enterprise_id TEXT NOT NULL,
    state TEXT NOT NULL,
    claimed_by TEXT NOT NULL,
    claimed_at_us BIGINT NOT NULL,
    decided_by TEXT,
    decided_at_us BIGINT,
    reason TEXT NOT NULL
);
-- US-1: one standing claim for one account.
CREATE UNIQUE INDEX usage_account_one ON usage_account (provider_id, billing_account_id, sub_account_id)
    WHERE state <> 'rejected';
CREATE INDEX usage_account_provider ON usage_account (provider_id, id);
CREATE INDEX usage_account_enterprise ON usage_account (enterprise_id, id);
CREATE INDEX usage_account_confirmed ON usage_account (provider_id, billing_account_id, state);

CREATE TABLE usage_import (
    id TEXT PRIMARY KEY,
    number TEXT NOT NULL UNIQUE,
    provider_id TEXT NOT NULL,
    profile TEXT NOT NULL,
    file_name TEXT NOT NULL,
    file_sha256 TEXT NOT NULL,
    size_bytes BIGINT NOT NULL,
    state TEXT NOT NULL,
    bytes_read BIGINT NOT NULL,
    rows_read BIGINT NOT NULL,
    rows_accepted BIGINT NOT NULL,
    rows_rejected BIGINT NOT NULL,
    -- Where reading goes on after a restart; null before the first stop and after the end.
    checkpoint_json TEXT,
    report_json TEXT,
    -- What became of the statements: made, unchanged, superseded, corrections raised.
    result_json TEXT,
    refused_code TEXT,
    refused_zh TEXT,
    refused_en TEXT,
    uploaded_by TEXT NOT NULL,
    uploaded_at_us BIGINT NOT NULL,
    finished_at_us BIGINT
);
CREATE INDEX usage_import_provider ON usage_import (provider_id, id);
CREATE INDEX usage_import_state ON usage_import (state, id);
-- US-2: a file counts once.
CREATE UNIQUE INDEX usage_import_file ON usage_import (file_sha256) WHERE state <> 'failed';

-- One service of one account in one month, as one bill states it. Never edited: a later bill makes a new version.
CREATE TABLE usage_statement (
    id TEXT PRIMARY KEY,
    provider_id TEXT NOT NULL,
    provider_name TEXT NOT NULL,
    billing_account_id TEXT NOT NULL,
    sub_account_id TEXT NOT NULL,
    service_name TEXT NOT NULL,
    service_category TEXT NOT NULL,
    currency TEXT NOT NULL,
    month TEXT NOT NULL,
    -- The bill it came with: the same month, a later one for late corrections, 'YYYY-MM+' for a file of corrections only.
    billed TEXT NOT NULL,
    version BIGINT NOT NULL,
    bill_rows BIGINT NOT NULL,
    real_use_rows BIGINT NOT NULL,
    fallback_rows BIGINT NOT NULL,
    idle_rows BIGINT NOT NULL,
    active_day_bits BIGINT NOT NULL,
    active_days BIGINT NOT NULL,
    active_hours BIGINT NOT NULL,
    resources BIGINT NOT NULL,
    quantities_json TEXT NOT NULL,
    gross_fen BIGINT NOT NULL,
    credits_fen BIGINT NOT NULL,
    corrections_fen BIGINT NOT NULL,
    tax_fen BIGINT NOT NULL,
    net_fen BIGINT NOT NULL,
    first_use TEXT,
    last_use TEXT,
    profile TEXT NOT NULL,
    import_id TEXT NOT NULL REFERENCES usage_import (id),
    made_at_us BIGINT NOT NULL,
    superseded_by TEXT,
    superseded_at_us BIGINT
);
-- US-3: of one bill's statement of one service, one version stands.
CREATE UNIQUE INDEX usage_statement_standing ON usage_statement
    (provider_id, billing_account_id, month, billed, sub_account_id, service_name, service_category, provider_name, currency)
    WHERE superseded_by IS NULL;
CREATE INDEX usage_statement_bill ON usage_statement (provider_id, billing_account_id, billed);
CREATE INDEX usage_statement_import ON usage_statement (import_id, id);
CREATE INDEX usage_statement_provider ON usage_statement (provider_id, month, id);
CREATE INDEX usage_statement_month ON usage_statement (month, id);
CREATE INDEX usage_statement_replaced ON usage_statement (superseded_by);

-- Which settlement rests on which statement; written by the settlement through usage::rest_on.
CREATE TABLE usage_statement_use (
    statement_id TEXT NOT NULL,
    claim_id TEXT NOT NULL,
    at_us BIGINT NOT NULL,
    PRIMARY KEY (statement_id, claim_id)
);

-- A statement that a settlement rests on has changed (US-5). `difference_fen` is new less old, of its net cost.
CREATE TABLE usage_correction (
    id TEXT PRIMARY KEY,
    statement_id TEXT NOT NULL,
    new_statement_id TEXT NOT NULL,
    difference_fen BIGINT NOT NULL,
    import_id TEXT NOT NULL,
    at_us BIGINT NOT NULL,
    handled BOOLEAN NOT NULL,
    handled_at_us BIGINT,
    handled_note TEXT NOT NULL
);
CREATE INDEX usage_correction_open ON usage_correction (handled, at_us, id);
CREATE INDEX usage_correction_import ON usage_correction (import_id, id);

-- Evidence levels of orders over time; the last stands, the others say how it came (US-6).
CREATE TABLE usage_level (
    id TEXT PRIMARY KEY,
    order_id TEXT NOT NULL,
    -- 1, 2, 3 … of the order: two assessments may fall on one instant.
    seq BIGINT NOT NULL,
    enterprise_id TEXT NOT NULL,
    provider_id TEXT NOT NULL,
    sub_item TEXT NOT NULL,
    district TEXT,
    level TEXT NOT NULL,
    reason_zh TEXT NOT NULL,
    reason_en TEXT NOT NULL,
    months_metered BIGINT NOT NULL,
    net_fen BIGINT NOT NULL,
    statement_ids_json TEXT NOT NULL,
    assessed_on TEXT NOT NULL,
    assessed_at_us BIGINT NOT NULL,
    -- The day on which a later assessment took its place.
    replaced_on TEXT
);
CREATE UNIQUE INDEX usage_level_standing ON usage_level (order_id) WHERE replaced_on IS NULL;
CREATE UNIQUE INDEX usage_level_seq ON usage_level (order_id, seq);
CREATE INDEX usage_level_enterprise ON usage_level (enterprise_id, district);
CREATE INDEX usage_level_provider ON usage_level (provider_id, order_id) WHERE replaced_on IS NULL;
CREATE INDEX usage_level_district ON usage_level (district, order_id) WHERE replaced_on IS NULL;

-- Daily aggregates of reporting devices, for L4. The devices slice fills it; no reading ever comes here.
CREATE TABLE usage_device_daily (
    enterprise_id TEXT NOT NULL,
    day TEXT NOT NULL,
    devices_reporting BIGINT NOT NULL,
    active_hours BIGINT NOT NULL,
    PRIMARY KEY (enterprise_id, day)
);

-- Every assessment; as at a date: assessed_on <= date and (replaced_on is null or replaced_on > date).
CREATE VIEW pub_usage_level AS
    SELECT id AS level_id, order_id, enterprise_id, provider_id, sub_item, district, level, months_metered, net_fen,
           assessed_on, replaced_on
    FROM usage_level;

-- Standing statements with the enterprise that a confirmed claim ties them to; null while nobody's.
CREATE VIEW pub_usage_statement AS
    SELECT s.id AS statement_id, s.provider_id, a.enterprise_id, s.billing_account_id, s.sub_account_id, s.month,
           s.billed, s.service_category, s.service_name, s.currency, s.active_days, s.active_hours, s.resources,
           s.gross_fen, s.credits_fen, s.corrections_fen, s.net_fen, s.import_id
    FROM usage_statement s
    LEFT JOIN usage_account a ON a.provider_id = s.provider_id AND a.billing_account_id = s.billing_account_id
         AND a.state = 'confirmed' AND (a.sub_account_id = '' OR a.sub_account_id = s.sub_account_id)
    WHERE s.superseded_by IS NULL;

CREATE VIEW pub_usage_account AS
    SELECT id AS account_id, provider_id, billing_account_id, sub_account_id, enterprise_id, state, claimed_at_us,
           decided_at_us
    FROM usage_account;

CREATE VIEW pub_usage_correction AS
    SELECT c.id AS correction_id, u.claim_id, c.statement_id, c.new_statement_id, c.difference_fen, c.handled, c.at_us
    FROM usage_correction c JOIN usage_statement_use u ON u.statement_id = c.statement_id;
