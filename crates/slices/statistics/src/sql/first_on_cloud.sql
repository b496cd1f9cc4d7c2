-- The day on which each enterprise first counted as on the cloud (SB-1), up to day $1.
SELECT u.enterprise_id, MIN(u.assessed_on) AS first_on
FROM pub_usage_level u
LEFT JOIN pub_orders_order o ON o.order_id = u.order_id
WHERE u.assessed_on <= $1
  AND u.level >= COALESCE((SELECT p.counts_from FROM pub_policy_programme p
                           WHERE p.id = o.programme_id AND p.applies_from <= $1
                           ORDER BY p.applies_from DESC, p.version DESC LIMIT 1), 'L2')
GROUP BY u.enterprise_id
