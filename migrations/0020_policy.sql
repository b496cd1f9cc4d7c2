-- Programmes as they were drafted and published, and every decision that was made under them.
CREATE TABLE policy_programme (
    id TEXT NOT NULL,
    version TEXT NOT NULL,
    -- The text itself; its SHA-256 is what decisions name (PD-2). Both change only while the state is draft (PP-1).
    toml TEXT NOT NULL,
    sha256 TEXT NOT NULL UNIQUE,
    -- The cases that must come out as written before it is published; may be empty.
    expected_toml TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('draft', 'published', 'superseded', 'ended')),
    title_zh TEXT NOT NULL,
    title_en TEXT NOT NULL,
    illustrative BOOLEAN NOT NULL,
    starts_on TEXT NOT NULL,
    ends_on TEXT NOT NULL,
    -- From when to when this version is the one that is applied; the second day is the next version's first.
    applies_from TEXT,
    applies_until TEXT,
    drafted_by TEXT NOT NULL,
    drafted_at_us BIGINT NOT NULL,
    published_by TEXT,
    published_at_us BIGINT,
    ended_on TEXT,
    ended_reason TEXT,
    PRIMARY KEY (id, version)
);
-- PP-2: one version of a programme is the published one.
CREATE UNIQUE INDEX policy_programme_published ON policy_programme (id) WHERE state = 'published';
CREATE INDEX policy_programme_state ON policy_programme (state, drafted_at_us);

-- The figures of the published version, for the board.
CREATE TABLE policy_target (
    programme_id TEXT NOT NULL,
    version TEXT NOT NULL,
    code TEXT NOT NULL,
    position BIGINT NOT NULL,
    title_zh TEXT NOT NULL,
    title_en TEXT NOT NULL,
    unit_zh TEXT NOT NULL,
    unit_en TEXT NOT NULL,
    -- The smallest number that meets it; "more than 5,000" is 5001 here.
    minimum BIGINT NOT NULL,
    maximum BIGINT,
    by_date TEXT NOT NULL,
    statistic TEXT NOT NULL,
    clause TEXT NOT NULL,
    clause_locator TEXT NOT NULL,
    PRIMARY KEY (programme_id, version, code)
);

-- Only ever appended to. `bytes` is the canonical form of the decision; the columns beside it repeat it for lists
-- (PD-3).
CREATE TABLE policy_decision (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('eligibility', 'settlement')),
    programme_id TEXT NOT NULL,
    programme_version TEXT NOT NULL,
    programme_sha256 TEXT NOT NULL,
    instrument_id TEXT NOT NULL,
    org_id TEXT NOT NULL,
    as_of TEXT NOT NULL,
    eligible BOOLEAN NOT NULL,
    amount_fen BIGINT,
    bytes TEXT NOT NULL,
    bytes_sha256 TEXT NOT NULL,
    at_us BIGINT NOT NULL
);
CREATE INDEX policy_decision_org ON policy_decision (org_id, id);

CREATE VIEW pub_policy_programme AS
    SELECT id, version, title_zh, title_en, starts_on, ends_on, state, applies_from, applies_until
    FROM policy_programme WHERE state <> 'draft';
CREATE VIEW pub_policy_target AS
    SELECT t.programme_id, t.code, t.position, t.title_zh, t.title_en, t.unit_zh, t.unit_en, t.minimum, t.maximum,
           t.by_date, t.statistic, t.clause, t.clause_locator
    FROM policy_target t JOIN policy_programme p ON p.id = t.programme_id AND p.version = t.version
    WHERE p.state IN ('published', 'ended');
CREATE VIEW pub_policy_decision AS
    SELECT id, kind, org_id, programme_id, instrument_id, amount_fen, eligible, as_of, at_us FROM policy_decision;
