-- Where a clause stands, in English too: a reader of the English board was shown the Chinese place alone.
ALTER TABLE policy_target ADD COLUMN clause_locator_en TEXT NOT NULL DEFAULT '';
DROP VIEW pub_policy_target;
CREATE VIEW pub_policy_target AS
    SELECT t.programme_id, t.code, t.position, t.title_zh, t.title_en, t.unit_zh, t.unit_en, t.minimum, t.maximum,
           t.by_date, t.statistic, t.clause, t.clause_locator,
           COALESCE(NULLIF(t.clause_locator_en, ''), t.clause_locator) AS clause_locator_en
    FROM policy_target t JOIN policy_programme p ON p.id = t.programme_id AND p.version = t.version
    WHERE p.state IN ('published', 'ended');
