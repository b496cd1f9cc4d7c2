-- The level of evidence of every order as at the end of day $1, what was metered of it, and whether it makes its enterprise
-- count as on the cloud: from the level that the order's programme asked for on that day, L2 where it has none (SB-1).
SELECT u.order_id, u.enterprise_id, u.sub_item, u.level, u.months_metered, u.net_fen,
       u.level >= COALESCE((SELECT p.counts_from FROM pub_policy_programme p
                            WHERE p.id = o.programme_id AND p.applies_from <= $1
                            ORDER BY p.applies_from DESC, p.version DESC LIMIT 1), 'L2') AS counts
FROM pub_usage_level u
LEFT JOIN pub_orders_order o ON o.order_id = u.order_id
WHERE u.assessed_on <= $1 AND (u.replaced_on IS NULL OR u.replaced_on > $1)
