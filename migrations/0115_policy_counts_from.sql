-- The evidence level from which an order under the programme makes its enterprise count as on the cloud.
ALTER TABLE policy_programme ADD COLUMN counts_from TEXT NOT NULL DEFAULT 'L2';
DROP VIEW pub_policy_programme;
CREATE VIEW pub_policy_programme AS
    SELECT id, version, title_zh, title_en, starts_on, ends_on, state, applies_from, applies_until, counts_from
    FROM policy_programme WHERE state <> 'draft';
