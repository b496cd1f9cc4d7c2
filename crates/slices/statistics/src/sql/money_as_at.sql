-- What was paid and recovered, and for how many orders, up to day $1.
SELECT COUNT(*) AS claims, CAST(COALESCE(SUM(amount_fen), 0) AS BIGINT) AS paid_fen,
       CAST(COALESCE(SUM(recovered_fen), 0) AS BIGINT) AS recovered_fen
FROM pub_settlement_claim
WHERE state = 'paid' AND paid_on <= $1
