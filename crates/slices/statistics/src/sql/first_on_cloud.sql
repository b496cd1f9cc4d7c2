-- The day on which each enterprise first counted as on the cloud (SB-1), up to day $1.
SELECT enterprise_id, MIN(assessed_on) AS first_on
FROM pub_usage_level
WHERE level >= 'L2' AND assessed_on <= $1
GROUP BY enterprise_id
