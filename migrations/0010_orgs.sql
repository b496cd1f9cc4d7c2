-- Organisations, their dated facts, accounts, sessions. One text for SQLite and PostgreSQL.
CREATE TABLE orgs_org (
    id TEXT PRIMARY KEY,
    uscc TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    -- Hex of the name's UTF-8: orders and ranges by it are the same under every collation.
    name_key TEXT NOT NULL,
    simulated BOOLEAN NOT NULL,
    created_at_us BIGINT NOT NULL,
    -- What the facts say today, so that lists need no replay; facts_at never reads these.
    district TEXT,
    industry TEXT,
    size TEXT,
    -- The day on which a fact stated ahead begins to hold; then the three above are brought forward.
    next_fact_on TEXT
);
CREATE INDEX orgs_org_name ON orgs_org (name_key, id);
CREATE INDEX orgs_org_district ON orgs_org (district, name_key, id);
CREATE INDEX orgs_org_industry ON orgs_org (industry, name_key, id);
CREATE INDEX orgs_org_district_industry ON orgs_org (district, industry, name_key, id);
CREATE INDEX orgs_org_kind ON orgs_org (kind, name_key, id);
CREATE INDEX orgs_org_next_fact ON orgs_org (next_fact_on);

-- Never updated: a correction is a later statement about the same day.
CREATE TABLE orgs_fact (
    org_id TEXT NOT NULL REFERENCES orgs_org (id),
    seq BIGINT NOT NULL,
    name TEXT NOT NULL,
    valid_from TEXT NOT NULL,
    value_json TEXT NOT NULL,
    stated_at_us BIGINT NOT NULL,
    stated_by TEXT NOT NULL,
    PRIMARY KEY (org_id, seq)
);

CREATE TABLE orgs_account (
    id TEXT PRIMARY KEY,
    login TEXT NOT NULL UNIQUE,
    person_name TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    password_changed_at_us BIGINT NOT NULL,
    must_change_password BOOLEAN NOT NULL,
    role TEXT NOT NULL,
    org_id TEXT REFERENCES orgs_org (id),
    district TEXT,
    lang TEXT NOT NULL,
    totp_secret TEXT,
    totp_offered TEXT,
    -- A code works once: the last time step that was accepted.
    totp_last_step BIGINT,
    disabled BOOLEAN NOT NULL,
    created_at_us BIGINT NOT NULL
);
CREATE INDEX orgs_account_org ON orgs_account (org_id);

-- Failed sign-ins by login, whether or not such a login exists, so that a lock tells nothing about accounts.
CREATE TABLE orgs_sign_in_guard (
    login_sha256 TEXT PRIMARY KEY,
    failed_count BIGINT NOT NULL,
    last_failed_at_us BIGINT NOT NULL,
    locked_until_us BIGINT
);

CREATE TABLE orgs_session (
    token_sha256 TEXT PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES orgs_account (id),
    csrf TEXT NOT NULL,
    created_at_us BIGINT NOT NULL,
    expires_at_us BIGINT NOT NULL,
    last_seen_us BIGINT NOT NULL,
    totp_pending BOOLEAN NOT NULL
);
CREATE INDEX orgs_session_account ON orgs_session (account_id);
CREATE INDEX orgs_session_expiry ON orgs_session (expires_at_us);

CREATE TABLE orgs_api_token (
    id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES orgs_account (id),
    name TEXT NOT NULL,
    token_sha256 TEXT NOT NULL UNIQUE,
    created_at_us BIGINT NOT NULL,
    expires_at_us BIGINT NOT NULL,
    last_used_us BIGINT,
    revoked_at_us BIGINT
);
CREATE INDEX orgs_api_token_account ON orgs_api_token (account_id, created_at_us);

CREATE TABLE orgs_recovery_code (
    account_id TEXT NOT NULL REFERENCES orgs_account (id),
    code_sha256 TEXT NOT NULL,
    used_at_us BIGINT,
    PRIMARY KEY (account_id, code_sha256)
);

CREATE VIEW pub_orgs_org AS
    SELECT id AS org_id, uscc, kind, name, simulated, created_at_us FROM orgs_org;
CREATE VIEW pub_orgs_fact AS
    SELECT org_id, seq, name, valid_from, value_json, stated_at_us FROM orgs_fact;
