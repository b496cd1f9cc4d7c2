-- The level of evidence of every order as at the end of day $1, and what was metered of it.
SELECT order_id, enterprise_id, sub_item, level, months_metered, net_fen
FROM pub_usage_level
WHERE assessed_on <= $1 AND (replaced_on IS NULL OR replaced_on > $1)
