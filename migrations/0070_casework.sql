-- Applications and their review (CW-1 … CW-7). One text for SQLite and PostgreSQL.

-- One application. `due_on` is '9999-12-31' where nothing is due, so that the work list pages by (due_on, id) alone.
CREATE TABLE casework_case (
    id TEXT PRIMARY KEY,
    number TEXT UNIQUE,
    programme_id TEXT NOT NULL,
    instrument_id TEXT NOT NULL,
    batch_id TEXT,
    org_id TEXT NOT NULL,
    org_name TEXT NOT NULL,
    uscc TEXT NOT NULL,
    district TEXT NOT NULL,
    state TEXT NOT NULL,
    version BIGINT NOT NULL,
    round BIGINT NOT NULL,
    form_json TEXT NOT NULL,
    decision_id TEXT,
    amount_fen BIGINT,
    holder_role TEXT NOT NULL,
    due_on TEXT NOT NULL,
    due_provisional BOOLEAN NOT NULL,
    events BIGINT NOT NULL,
    started_at_us BIGINT NOT NULL,
    submitted_at_us BIGINT,
    moved_at_us BIGINT NOT NULL,
    notice_ends_on TEXT
);
CREATE INDEX casework_case_due ON casework_case (due_on, id);
CREATE INDEX casework_case_state_due ON casework_case (state, due_on, id);
CREATE INDEX casework_case_district_due ON casework_case (district, due_on, id);
CREATE INDEX casework_case_org ON casework_case (org_id, id);
-- CW-3: one standing application an enterprise and batch.
CREATE UNIQUE INDEX casework_case_one_open ON casework_case (org_id, batch_id)
    WHERE state NOT IN ('draft', 'rejected', 'withdrawn');

-- Every move, in order.
CREATE TABLE casework_event (
    case_id TEXT NOT NULL,
    seq BIGINT NOT NULL,
    at_us BIGINT NOT NULL,
    actor_id TEXT NOT NULL,
    actor_name TEXT NOT NULL,
    actor_role TEXT NOT NULL,
    cause TEXT NOT NULL,
    from_state TEXT,
    to_state TEXT NOT NULL,
    round BIGINT NOT NULL,
    due_on TEXT,
    public_note TEXT NOT NULL,
    staff_note TEXT NOT NULL,
    PRIMARY KEY (case_id, seq)
);

-- How many cases stand in each state of each district: the work list's counts without counting.
CREATE TABLE casework_count (
    district TEXT NOT NULL,
    state TEXT NOT NULL,
    cases BIGINT NOT NULL,
    PRIMARY KEY (district, state)
);

-- Findings of a formal check, item by item; a case may be checked several times.
CREATE TABLE casework_check (
    case_id TEXT NOT NULL,
    event_seq BIGINT NOT NULL,
    item TEXT NOT NULL,
    passed BOOLEAN NOT NULL,
    remark TEXT NOT NULL,
    PRIMARY KEY (case_id, event_seq, item)
);

-- What the enterprise was asked to correct, all of one return together.
CREATE TABLE casework_defect (
    case_id TEXT NOT NULL,
    event_seq BIGINT NOT NULL,
    item TEXT NOT NULL,
    remark TEXT NOT NULL,
    PRIMARY KEY (case_id, event_seq, item)
);

CREATE TABLE casework_approval (
    case_id TEXT NOT NULL,
    step TEXT NOT NULL,
    round BIGINT NOT NULL,
    account_id TEXT NOT NULL,
    account_name TEXT NOT NULL,
    at_us BIGINT NOT NULL,
    opinion TEXT NOT NULL,
    voided BOOLEAN NOT NULL,
    PRIMARY KEY (case_id, step, round, account_id)
);

CREATE TABLE casework_notice (
    id TEXT PRIMARY KEY,
    case_id TEXT NOT NULL,
    round BIGINT NOT NULL,
    state TEXT NOT NULL,
    published_on TEXT NOT NULL,
    ends_on TEXT NOT NULL,
    days_left BIGINT,
    amount_fen BIGINT,
    published_by TEXT NOT NULL,
    UNIQUE (case_id, round)
);
CREATE INDEX casework_notice_published ON casework_notice (published_on, id);
CREATE INDEX casework_notice_running ON casework_notice (state, ends_on, id);

-- The objector's name, phone and identity are for the city officers who investigate, and for nobody else.
CREATE TABLE casework_objection (
    id TEXT PRIMARY KEY,
    number TEXT NOT NULL UNIQUE,
    notice_id TEXT NOT NULL,
    case_id TEXT NOT NULL,
    objector_name TEXT NOT NULL,
    objector_phone TEXT NOT NULL,
    objector_identity TEXT NOT NULL,
    statement TEXT NOT NULL,
    raised_at_us BIGINT NOT NULL,
    state TEXT NOT NULL,
    decided_at_us BIGINT,
    decided_by TEXT,
    reason TEXT
);
CREATE INDEX casework_objection_case ON casework_objection (case_id, id);

-- 回避: who must not review whom.
CREATE TABLE casework_tie (
    id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL,
    org_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    remark TEXT NOT NULL,
    recorded_by TEXT NOT NULL,
    recorded_at_us BIGINT NOT NULL,
    ended_at_us BIGINT
);
CREATE INDEX casework_tie_pair ON casework_tie (account_id, org_id);
CREATE INDEX casework_tie_org ON casework_tie (org_id, id);

CREATE VIEW pub_casework_case AS
    SELECT id AS case_id, number, programme_id, instrument_id, batch_id, org_id, district, state, round, decision_id,
           amount_fen, started_at_us, submitted_at_us, moved_at_us, notice_ends_on
    FROM casework_case;
