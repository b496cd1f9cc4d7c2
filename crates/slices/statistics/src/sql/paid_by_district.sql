-- What was paid in each district up to day $1, less what was recovered of it up to then.
SELECT t.district, CAST(SUM(t.amount_fen) AS BIGINT) AS paid_fen
FROM (SELECT district, amount_fen FROM pub_settlement_claim WHERE state = 'paid' AND paid_on <= $1
      UNION ALL
      SELECT district, -amount_fen FROM pub_settlement_recovery WHERE made_on <= $1) t
GROUP BY t.district
