-- Alarm rules, alarms after ISA-18.2, and who is told. One text for SQLite and PostgreSQL.

-- One row that counts every change of what is published: the evaluation loads anew when it moved.
CREATE TABLE alarms_version (
    id BIGINT PRIMARY KEY,
    value BIGINT NOT NULL
);
INSERT INTO alarms_version (id, value) VALUES (1, 0);

CREATE TABLE alarms_rule (
    id TEXT PRIMARY KEY,
    org_id TEXT NOT NULL,
    state TEXT NOT NULL,
    -- The latest version; a draft while it is beyond the published one.
    version BIGINT NOT NULL,
    published_version BIGINT,
    created_at_us BIGINT NOT NULL
);
CREATE INDEX alarms_rule_org ON alarms_rule (org_id, id);

-- A published version is never changed (AR-1).
CREATE TABLE alarms_rule_version (
    rule_id TEXT NOT NULL REFERENCES alarms_rule (id),
    version BIGINT NOT NULL,
    rule_json TEXT NOT NULL,
    by_id TEXT NOT NULL,
    by_name TEXT NOT NULL,
    at_us BIGINT NOT NULL,
    published_at_us BIGINT,
    PRIMARY KEY (rule_id, version)
);

-- One rule on one device, from when it first occurred.
CREATE TABLE alarms_alarm (
    id TEXT PRIMARY KEY,
    org_id TEXT NOT NULL,
    rule_id TEXT NOT NULL REFERENCES alarms_rule (id),
    rule_version BIGINT NOT NULL,
    device_id TEXT NOT NULL,
    state TEXT NOT NULL,
    -- Of what must be looked at: 4 critical … 1 low; 0 otherwise.
    urgency BIGINT NOT NULL,
    active BOOLEAN NOT NULL,
    suppressed BOOLEAN NOT NULL,
    priority TEXT NOT NULL,
    occurred_at_us BIGINT,
    returned_at_us BIGINT,
    acknowledged_at_us BIGINT,
    shelved_until_us BIGINT,
    occurrences BIGINT NOT NULL,
    changed_at_us BIGINT NOT NULL,
    property TEXT NOT NULL,
    value_text TEXT NOT NULL,
    -- What the evaluation remembered at the last signal.
    memory_json TEXT NOT NULL,
    -- How many escalations went out, and when the next one is due.
    escalated BIGINT NOT NULL,
    escalate_at_us BIGINT,
    events BIGINT NOT NULL,
    UNIQUE (rule_id, device_id)
);
CREATE INDEX alarms_alarm_org ON alarms_alarm (org_id, urgency, changed_at_us);
CREATE INDEX alarms_alarm_shelved ON alarms_alarm (shelved_until_us);
CREATE INDEX alarms_alarm_escalate ON alarms_alarm (escalate_at_us);

-- Everything that happened to an alarm; never changed (AR-2).
CREATE TABLE alarms_event (
    alarm_id TEXT NOT NULL REFERENCES alarms_alarm (id),
    seq BIGINT NOT NULL,
    org_id TEXT NOT NULL,
    at_us BIGINT NOT NULL,
    recorded_at_us BIGINT NOT NULL,
    cause TEXT NOT NULL,
    from_state TEXT NOT NULL,
    to_state TEXT NOT NULL,
    priority TEXT NOT NULL,
    value_text TEXT NOT NULL,
    by_id TEXT NOT NULL,
    by_name TEXT NOT NULL,
    comment TEXT NOT NULL,
    PRIMARY KEY (alarm_id, seq)
);
CREATE INDEX alarms_event_org ON alarms_event (org_id, at_us);

CREATE TABLE alarms_contact (
    id TEXT PRIMARY KEY,
    org_id TEXT NOT NULL,
    name TEXT NOT NULL,
    channel TEXT NOT NULL,
    address TEXT NOT NULL,
    -- Of a webhook's signature, concealed under the vault's key.
    secret TEXT NOT NULL,
    removed BOOLEAN NOT NULL,
    created_at_us BIGINT NOT NULL
);
CREATE INDEX alarms_contact_org ON alarms_contact (org_id, id);

-- What is to be sent: written with what caused it, sent afterwards.
CREATE TABLE alarms_notice (
    id TEXT PRIMARY KEY,
    org_id TEXT NOT NULL,
    contact_id TEXT NOT NULL REFERENCES alarms_contact (id),
    -- Empty for a test of the contact.
    alarm_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    body_json TEXT NOT NULL,
    state TEXT NOT NULL,
    tries BIGINT NOT NULL,
    next_at_us BIGINT NOT NULL,
    last_error TEXT NOT NULL,
    made_at_us BIGINT NOT NULL,
    sent_at_us BIGINT
);
CREATE INDEX alarms_notice_due ON alarms_notice (state, next_at_us);
CREATE INDEX alarms_notice_org ON alarms_notice (org_id, id);

CREATE VIEW pub_alarms_alarm AS
    SELECT id AS alarm_id, org_id, rule_id, device_id, state, priority, active, occurred_at_us FROM alarms_alarm;
