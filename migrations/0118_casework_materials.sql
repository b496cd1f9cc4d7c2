-- What an enterprise hands in with an application (its business licence, other papers) and how it answers each defect. The
-- document itself is in the store of documents under its hash.
CREATE TABLE casework_material (
    id TEXT PRIMARY KEY,
    case_id TEXT NOT NULL,
    -- 'licence', 'correction' or 'other'.
    kind TEXT NOT NULL,
    -- The defect that it answers, with the return (the event) that stated it; '' and 0 where it answers none.
    item TEXT NOT NULL,
    event_seq BIGINT NOT NULL,
    note TEXT NOT NULL,
    document_sha256 TEXT NOT NULL,
    document_json TEXT NOT NULL,
    added_by TEXT NOT NULL,
    added_at_us BIGINT NOT NULL,
    removed_at_us BIGINT
);
CREATE INDEX casework_material_case ON casework_material (case_id, id);

CREATE TABLE casework_defect_answer (
    case_id TEXT NOT NULL,
    event_seq BIGINT NOT NULL,
    item TEXT NOT NULL,
    answer TEXT NOT NULL,
    answered_at_us BIGINT NOT NULL,
    PRIMARY KEY (case_id, event_seq, item)
);
