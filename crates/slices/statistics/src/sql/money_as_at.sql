-- What was paid and recovered, and for how many orders, up to day $1; of district $2 unless it is empty.
SELECT COUNT(*) AS claims, CAST(COALESCE(SUM(c.amount_fen), 0) AS BIGINT) AS paid_fen,
       (SELECT CAST(COALESCE(SUM(r.amount_fen), 0) AS BIGINT) FROM pub_settlement_recovery r
        WHERE r.made_on <= $1 AND ($2 = '' OR r.district = $2)) AS recovered_fen
FROM pub_settlement_claim c
WHERE c.state = 'paid' AND c.paid_on <= $1 AND ($2 = '' OR c.district = $2)
