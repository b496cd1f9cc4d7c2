-- What was paid in each district up to day $1.
SELECT district, CAST(COALESCE(SUM(amount_fen), 0) AS BIGINT) AS paid_fen
FROM pub_settlement_claim
WHERE state = 'paid' AND paid_on <= $1
GROUP BY district
