-- What was recovered, by the day on which it was decided and the district whose money it is: the board counts as at a day.
CREATE VIEW pub_settlement_recovery AS
    SELECT r.id, r.claim_id, r.provider_id, c.district, r.amount_fen, r.made_on
    FROM settlement_recovery r JOIN settlement_claim c ON c.id = r.claim_id;

-- Which settlement a stored decision was made for: the first one, or a new one after a correction of a bill, which may have
-- led to a recovery.
CREATE VIEW pub_settlement_decision AS
    SELECT c.decision_id, c.id AS claim_id, c.number, c.order_id, c.order_number, c.voucher_id, c.enterprise_id,
           c.provider_id, c.district, '' AS recovery_number
    FROM settlement_claim c WHERE c.decision_id IS NOT NULL
    UNION ALL
    SELECT x.decision_id, c.id, c.number, c.order_id, c.order_number, c.voucher_id, c.enterprise_id, c.provider_id,
           c.district, COALESCE(r.number, '')
    FROM settlement_correction x
    JOIN settlement_claim c ON c.id = x.claim_id
    LEFT JOIN settlement_recovery r ON r.id = x.recovery_id;
CREATE INDEX settlement_claim_decision ON settlement_claim (decision_id);
CREATE INDEX settlement_correction_decision ON settlement_correction (decision_id);
CREATE INDEX casework_case_decision ON casework_case (decision_id);
