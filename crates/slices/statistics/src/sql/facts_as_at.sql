-- Facts of the enterprises with orders, as at day $1; the last row of a name holds.
SELECT f.org_id, f.name, f.value_json
FROM pub_orgs_fact f
WHERE f.name IN ('district', 'industry', 'staff', 'revenue_fen') AND f.valid_from <= $1
  AND EXISTS (SELECT 1 FROM pub_usage_level u WHERE u.enterprise_id = f.org_id AND u.assessed_on <= $1)
ORDER BY f.org_id, f.name, f.valid_from, f.seq
