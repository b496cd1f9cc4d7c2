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

testkit::on_both!(values_are_bound_by_their_number_and_read_as_their_type, |bed| async move {
    let read = bed
        .read::<_, StoreError, _>(&Actor::system(), |cx| {
            Box::pin(async move {
                // The numbers stand in another order than their first mention, and one stands twice.
                let sql = "SELECT CAST($3 AS BIGINT) AS c, CAST($1 AS TEXT) AS a, CAST($2 AS BOOLEAN) AS b, CAST($3 AS BIGINT) + 1 AS d";
                let row = cx.one(sql, params!["一", true, 7_i64]).await?;
                let wrong_type = row.get::<i64>("a").map_err(|e| e.to_string());
                let no_column = row.get::<i64>("z").map_err(|e| e.to_string());
                let values: (String, bool, i64, i64) = (row.get("a")?, row.get("b")?, row.get("c")?, row.get("d")?);
                Ok((values, wrong_type, no_column))
            })
        })
        .await
        .unwrap();
    assert_eq!(read.0, ("一".to_owned(), true, 7, 8));
    assert!(read.1.unwrap_err().contains("column a") && read.2.unwrap_err().contains("column z"));
});

testkit::on_both!(what_the_database_refuses_is_an_error_and_the_next_use_case_runs, |bed| async move {
    let write = async |sql: &'static str| {
        bed.write::<_, StoreError, _>(&Actor::system(), move |cx| {
            Box::pin(async move {
                cx.journal("test.write", "x", &(), &()).await?;
                cx.execute(sql, params!["k"]).await
            })
        })
        .await
    };
    let once = "INSERT INTO counter (series, last_value) VALUES ($1, 1)";
    write(once).await.unwrap();
    assert!(write(once).await.unwrap_err().is_unique_violation());
    assert!(
        !write("INSERT INTO counter (series, last_value) VALUES ($1, NULL)").await.unwrap_err().is_unique_violation()
    );
    assert!(write("INSERT INTO nowhere VALUES ($1)").await.is_err());
    assert_eq!(write("UPDATE counter SET last_value = 2 WHERE series = $1").await.unwrap(), 1);
});
