-- Vouchers issued up to day $1 and their face value; of district $2 unless it is empty.
SELECT COUNT(*) AS vouchers, CAST(COALESCE(SUM(face_fen), 0) AS BIGINT) AS face_fen
FROM pub_vouchers_voucher
WHERE issued_on <= $1 AND ($2 = '' OR district = $2)
