-- Targets of the programmes in force on day $1.
SELECT t.programme_id, t.code, t.title_zh, t.title_en, t.unit_zh, t.unit_en, t.minimum, t.exceeds, t.maximum, t.by_date,
       t.statistic, t.clause_locator, t.clause_locator_en, p.starts_on
FROM pub_policy_target t
JOIN pub_policy_programme p ON p.id = t.programme_id
WHERE p.starts_on <= $1 AND p.state IN ('published', 'ended')
ORDER BY t.programme_id, t.position
