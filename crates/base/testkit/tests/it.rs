//! The bed itself, on both databases.

use kernel::Actor;
use store::{StoreError, params};

testkit::on_both!(a_use_case_runs_and_numbers_have_no_gap, |bed| async move {
    for i in 1..=3 {
        let n = bed
            .write::<i64, StoreError, _>(&Actor::system(), |cx| {
                Box::pin(async move {
                    cx.journal("test.number", "x", &(), &()).await?;
                    cx.next_number("case/2019").await
                })
            })
            .await
            .unwrap();
        assert_eq!(n, i);
    }
    let rows = bed
        .read::<_, StoreError, _>(&Actor::system(), |cx| {
            Box::pin(async move {
                let row = cx
                    .one(
                        "SELECT CAST(SUM(seq) AS BIGINT) AS s, COUNT(*) AS n FROM journal_row WHERE ($1 IS NULL OR verb = $1)",
                        params![None::<String>],
                    )
                    .await?;
                Ok((row.get::<i64>("s")?, row.get::<i64>("n")?))
            })
        })
        .await
        .unwrap();
    assert_eq!(rows, (6, 3));
});
