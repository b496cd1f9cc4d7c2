-- A target that must be exceeded ("more than 5,000") is shown as such, not as the next whole number.
ALTER TABLE policy_target ADD COLUMN exceeds BIGINT;
DROP VIEW pub_policy_target;
CREATE VIEW pub_policy_target AS
    SELECT t.programme_id, t.code, t.position, t.title_zh, t.title_en, t.unit_zh, t.unit_en, t.minimum, t.exceeds,
           t.maximum, t.by_date, t.statistic, t.clause, t.clause_locator,
           COALESCE(NULLIF(t.clause_locator_en, ''), t.clause_locator) AS clause_locator_en
    FROM policy_target t JOIN policy_programme p ON p.id = t.programme_id AND p.version = t.version
    WHERE p.state IN ('published', 'ended');
