-- The ledger's work as plain SQL: what a careful person would write without it. Four counters an account, floors as
-- checks, transfers with the same columns and the same unique keys.
CREATE TABLE account (
    id TEXT PRIMARY KEY,
    debits_pending BIGINT NOT NULL DEFAULT 0,
    debits_posted BIGINT NOT NULL DEFAULT 0,
    credits_pending BIGINT NOT NULL DEFAULT 0,
    credits_posted BIGINT NOT NULL DEFAULT 0,
    CHECK (credits_posted >= debits_posted + debits_pending)
);
CREATE TABLE transfer (
    id TEXT PRIMARY KEY,
    seq BIGINT GENERATED ALWAYS AS IDENTITY UNIQUE,
    debit TEXT NOT NULL,
    credit TEXT NOT NULL,
    amount_fen BIGINT NOT NULL CHECK (amount_fen > 0),
    code TEXT NOT NULL,
    kind TEXT NOT NULL,
    pending_id TEXT,
    reference TEXT NOT NULL,
    at TIMESTAMPTZ NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX transfer_resolves ON transfer (pending_id) WHERE pending_id IS NOT NULL;

-- Vouchers first..first+n in one transaction, transfer by transfer; no trip to a client between them.
CREATE FUNCTION post_each(first BIGINT, n BIGINT) RETURNS void LANGUAGE plpgsql AS $$
DECLARE v TEXT; q TEXT; p TEXT;
BEGIN
    FOR i IN first .. first + n - 1 LOOP
        v := 'voucher:' || i; q := 'quota:' || i % 16; p := 'payable:' || i % 50;
        INSERT INTO transfer (id, debit, credit, amount_fen, code, kind, reference)
            VALUES (v || '/issue', q, v, 1000, 'issue', 'posted', 'bench');
        UPDATE account SET debits_posted = debits_posted + 1000 WHERE id = q;
        UPDATE account SET credits_posted = credits_posted + 1000 WHERE id = v;
        INSERT INTO transfer (id, debit, credit, amount_fen, code, kind, reference)
            VALUES (v || '/hold', v, p, 900, 'hold', 'pending', 'bench');
        UPDATE account SET debits_pending = debits_pending + 900 WHERE id = v;
        UPDATE account SET credits_pending = credits_pending + 900 WHERE id = p;
        INSERT INTO transfer (id, debit, credit, amount_fen, code, kind, pending_id, reference)
            SELECT v || '/settle', debit, credit, 800, 'settle', 'post', id, 'bench' FROM transfer WHERE id = v || '/hold';
        UPDATE account SET debits_pending = debits_pending - 900, debits_posted = debits_posted + 800 WHERE id = v;
        UPDATE account SET credits_pending = credits_pending - 900, credits_posted = credits_posted + 800 WHERE id = p;
    END LOOP;
END $$;

-- The same in nine set-based statements: the fastest way to write it in SQL, for transfers that are all alike.
CREATE FUNCTION post_sets(first BIGINT, n BIGINT) RETURNS void LANGUAGE sql AS $$
    INSERT INTO transfer (id, debit, credit, amount_fen, code, kind, reference)
        SELECT 'voucher:' || i || '/issue', 'quota:' || i % 16, 'voucher:' || i, 1000, 'issue', 'posted', 'bench'
        FROM generate_series(first, first + n - 1) i;
    UPDATE account a SET debits_posted = debits_posted + s.fen
        FROM (SELECT 'quota:' || i % 16 AS id, COUNT(*) * 1000 AS fen FROM generate_series(first, first + n - 1) i GROUP BY 1) s
        WHERE a.id = s.id;
    UPDATE account a SET credits_posted = credits_posted + 1000
        FROM generate_series(first, first + n - 1) i WHERE a.id = 'voucher:' || i;
    INSERT INTO transfer (id, debit, credit, amount_fen, code, kind, reference)
        SELECT 'voucher:' || i || '/hold', 'voucher:' || i, 'payable:' || i % 50, 900, 'hold', 'pending', 'bench'
        FROM generate_series(first, first + n - 1) i;
    UPDATE account a SET debits_pending = debits_pending + 900
        FROM generate_series(first, first + n - 1) i WHERE a.id = 'voucher:' || i;
    UPDATE account a SET credits_pending = credits_pending + s.fen
        FROM (SELECT 'payable:' || i % 50 AS id, COUNT(*) * 900 AS fen FROM generate_series(first, first + n - 1) i GROUP BY 1) s
        WHERE a.id = s.id;
    INSERT INTO transfer (id, debit, credit, amount_fen, code, kind, pending_id, reference)
        SELECT 'voucher:' || i || '/settle', t.debit, t.credit, 800, 'settle', 'post', t.id, 'bench'
        FROM generate_series(first, first + n - 1) i JOIN transfer t ON t.id = 'voucher:' || i || '/hold';
    UPDATE account a SET debits_pending = debits_pending - 900, debits_posted = debits_posted + 800
        FROM generate_series(first, first + n - 1) i WHERE a.id = 'voucher:' || i;
    UPDATE account a SET credits_pending = credits_pending - s.n * 900, credits_posted = credits_posted + s.n * 800
        FROM (SELECT 'payable:' || i % 50 AS id, COUNT(*) AS n FROM generate_series(first, first + n - 1) i GROUP BY 1) s
        WHERE a.id = s.id;
$$;
