-- Enterprises whose use has changed since their orders were last assessed: by an import or a confirmed account, in the
-- same transaction. The worker takes them up within seconds.
CREATE TABLE usage_to_assess (
    enterprise_id TEXT PRIMARY KEY,
    since_us BIGINT NOT NULL
);
