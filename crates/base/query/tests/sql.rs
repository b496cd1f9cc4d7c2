//! SQL over memory and segments: each reading once at any moment, only queries, within limits.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::{Float64Type, Int64Type};
use lake::{Batch, BatchPoint, Lake, LakeOptions, Quality, Value};
use query::{QueryError, QueryLimits, Sql};
use wal::disk::FaultyDisk;

fn lake() -> Arc<Lake> {
    let options = LakeOptions { removed_kept_ms: 0, ..LakeOptions::new("6f1d1b5e-6f0f-4d6a-9a51-2f6f3c1a0002") };
    let [log, table] = [(); 2].map(|()| Arc::new(FaultyDisk::default()));
    Arc::new(Lake::open(log, table, options).unwrap().0)
}

fn send(lake: &Lake, device: &str, at_us: i64, value: Value) {
    let series = lake.series(device, "speed");
    let point = BatchPoint { series, at_us, value, quality: Quality::Good };
    lake.append_and_wait(Batch { server_at_us: at_us, points: vec![point] }).unwrap();
}

fn count(batches: &[RecordBatch]) -> i64 {
    batches[0].column(0).as_primitive::<Int64Type>().value(0)
}

fn numbers(batches: &[RecordBatch]) -> Vec<f64> {
    batches.iter().flat_map(|b| b.column(0).as_primitive::<Float64Type>().values().to_vec()).collect()
}

#[tokio::test]
async fn memory_and_segments_are_one_table() {
    let lake = lake();
    let sql = Sql::new(lake.clone(), 2);
    let ask = async |text: &str| sql.sql(text, QueryLimits::default()).await.unwrap();
    assert_eq!(count(&ask("select count(*) from readings").await), 0);
    for at in 0..30 {
        send(&lake, &format!("m{}", at % 3), at * 1_000_000, Value::Number(at as f64));
        if at % 5 == 4 && at < 25 {
            lake.flush(0).unwrap();
        }
    }
    // Late, and again for an instant that is in a segment: the newer stands.
    send(&lake, "m0", 3_000_000, Value::Number(300.0));
    send(&lake, "m1", 4_500_000, Value::Text("stopped".into()));
    for compacted in [false, true] {
        if compacted {
            lake.flush(0).unwrap();
            while lake.compact(0).unwrap().is_some() {}
        }
        assert_eq!(count(&ask("select count(*) from readings").await), 31);
        let of_one = "select number from readings where device = 'm0' and number is not null order by device_time";
        assert_eq!(numbers(&ask(of_one).await), [0.0, 300.0, 6.0, 9.0, 12.0, 15.0, 18.0, 21.0, 24.0, 27.0]);
        let of_time = "select number from readings where device_time >= timestamp '1970-01-01 00:00:10' \
            and device_time < timestamp '1970-01-01 00:00:13' order by 1";
        assert_eq!(numbers(&ask(of_time).await), [10.0, 11.0, 12.0]);
        let text = ask("select text from readings where text is not null").await;
        assert_eq!(text.iter().map(RecordBatch::num_rows).sum::<usize>(), 1);
        // Twice in one query.
        let joined = "select count(*) from readings a join readings b using (device, property, device_time)";
        assert_eq!(count(&ask(joined).await), 31);
        let none = ask("select device, number from readings where device = 'm0' and device = 'm1'").await;
        assert_eq!((none[0].num_rows(), none[0].num_columns()), (0, 2));
    }
    lake.retain(20_000_000, 0).unwrap();
    assert_eq!(count(&ask("select count(*) from readings").await), 10, "what is not kept is not seen");
}

#[tokio::test]
async fn what_is_no_query_is_refused_by_name() {
    let lake = lake();
    send(&lake, "m", 1, Value::Number(1.0));
    let sql = Sql::new(lake, 1);
    let ask = async |text: &str| sql.sql(text, QueryLimits::default()).await.unwrap_err();
    for text in [
        "delete from readings",
        "insert into readings select * from readings",
        "drop table readings",
        "create table x as select 1",
        "create external table x stored as csv location '/etc/passwd'",
        "copy readings to 'x.parquet'",
        "set datafusion.execution.batch_size = 1",
        "explain select 1",
        "select 1; select 2",
        "",
    ] {
        let refused = ask(text).await;
        assert!(matches!(refused, QueryError::NotAQuery), "{text}: {refused}");
    }
    assert!(matches!(ask("selec 1").await, QueryError::Syntax(_)));
    for text in ["select * from '/etc/passwd'", "select * from secrets", "select colour from readings"] {
        let refused = ask(text).await;
        assert!(matches!(refused, QueryError::Meaning(_)), "{text}: {refused}");
    }
}

#[tokio::test]
async fn limits_are_named() {
    let lake = lake();
    for at in 0..100 {
        send(&lake, &format!("m{at}"), at, Value::Number(at as f64));
    }
    let sql = Sql::new(lake, 1);
    let few = QueryLimits { rows_max: 99, ..QueryLimits::default() };
    let ask = async |text: &str, limits| sql.sql(text, limits).await;
    let refused = ask("select * from readings", few).await;
    assert!(matches!(refused, Err(QueryError::TooManyRows { rows_max: 99 })), "{refused:?}");
    assert!(ask("select * from readings limit 99", few).await.is_ok());
    let small = QueryLimits { memory_bytes_max: 10_000, ..QueryLimits::default() };
    let sorted = "select * from readings a cross join readings b order by a.number + b.number, a.device, b.device";
    let refused = ask(sorted, small).await;
    assert!(matches!(refused, Err(QueryError::TooMuchMemory { memory_bytes_max: 10_000 })), "{refused:?}");
    let brief = QueryLimits { time_max: Duration::from_millis(50), ..QueryLimits::default() };
    let long = "select count(*) from readings a, readings b, readings c, readings d where a.number * b.number < c.number * d.number";
    let refused = ask(long, brief).await;
    assert!(matches!(refused, Err(QueryError::TooSlow { .. })), "{refused:?}");
}

/// LK-6 for queries: while readings arrive, are flushed, put together and replaced, the count never falls and never goes
/// beyond what was sent.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_reading_is_seen_once_while_the_lake_works() {
    let lake = lake();
    let sql = Sql::new(lake.clone(), 2);
    let done = Arc::new(AtomicBool::new(false));
    let (writer, ended) = (lake.clone(), done.clone());
    let worker = std::thread::spawn(move || {
        for at in 0..400_i64 {
            send(&writer, &format!("m{}", at % 4), at, Value::Number(1.0));
            // Some once more: an instant that may be in a segment already.
            send(&writer, &format!("m{}", (at / 2) % 4), at / 2, Value::Number(1.0));
            if at % 20 == 19 {
                writer.flush(0).unwrap();
            }
            if at % 60 == 59 {
                writer.compact(0).unwrap();
            }
        }
        ended.store(true, Ordering::SeqCst);
    });
    let mut before = 0;
    loop {
        let last = done.load(Ordering::SeqCst);
        let text = "select count(*), count(distinct device || '@' || cast(device_time as text)) from readings";
        let found = sql.sql(text, QueryLimits::default()).await.unwrap();
        let distinct = found[0].column(1).as_primitive::<Int64Type>().value(0);
        let now = count(&found);
        assert_eq!(now, distinct, "each once");
        assert!(now >= before, "{now} after {before}");
        before = now;
        if last {
            break;
        }
    }
    worker.join().unwrap();
    assert_eq!(before, 400);
}
