//! Evidence levels of orders: US-6.

use std::sync::Arc;

use kernel::{Actor, EvidenceLevel, Fen};
use testkit::{city_officer, district_officer, enterprise_owner};
use usage::assess::{self, Assess, level_of_order};
use usage::model::{Assessed, ClaimVerb, Thresholds};
use usage::record_device_days::{self, DeviceDay};
use usage::{LevelFilter, jobs, read};

use crate::fixture::*;
use EvidenceLevel::{L0, L1, L2, L3, L4};

const COMPUTING: &str = "infrastructure/computing";

impl World {
    async fn assessed(&self, order: &str) -> Assessed {
        let cmd = Assess { order_id: order.to_owned(), thresholds: Thresholds::default() };
        self.bed.write(&Actor::system(), |cx| Box::pin(assess::run(cx, cmd))).await.unwrap()
    }
}

testkit::on_both!(an_order_climbs_the_ladder_and_falls_off_it, |bed| async move {
    let w = world(bed).await;
    w.bed.on("2019-01-10");
    w.order("ord_bare", COMPUTING, "2019-01-01", "2019-12-31", false).await;
    assert_eq!(w.assessed("ord_bare").await.level, L0);
    w.order("ord_1", COMPUTING, "2019-01-01", "2019-12-31", true).await;
    assert_eq!(w.assessed("ord_1").await.level, L1);
    let claim = w.claim(&w.enterprise, "acc-1", "").await.unwrap();
    assert_eq!(w.assessed("ord_1").await.level, L1, "a claim alone proves nothing");
    w.decide(&claim.id, ClaimVerb::Confirm, "").await.unwrap();
    assert_eq!(w.assessed("ord_1").await.level, L2);
    let database = [("ServiceName", "数据库"), ("ServiceCategory", "Databases")];
    for month in ["2019-01", "2019-02", "2019-03"] {
        w.import(&format!("{month}.csv"), &bill(&[row(month, &[]), row(month, &database)])).await;
    }
    w.bed.on("2019-03-31");
    assert_eq!(w.assessed("ord_1").await.level, L2, "March is not over");
    w.bed.on("2019-04-10");
    let proven = w.assessed("ord_1").await;
    assert_eq!((proven.level, proven.months_metered, proven.statement_ids.len()), (L3, 3, 3));
    assert_eq!(proven.net_fen, Fen::from_yuan(300), "the database is another family");
    let standing =
        w.bed.read(&Actor::system(), |cx| Box::pin(async move { level_of_order(cx, "ord_1").await })).await.unwrap();
    assert_eq!(standing, proven);
    w.bed.on("2019-06-10");
    let fallen = w.assessed("ord_1").await;
    assert_eq!(fallen.level, L2);
    assert!(fallen.reason.zh.contains("停用") && fallen.reason.en.contains("stopped"), "{:?}", fallen.reason);
    let owner = enterprise_owner(&w.enterprise);
    let history = w.bed.read(&owner, |cx| Box::pin(async move { read::level_history(cx, "ord_1").await }));
    let levels: Vec<_> = history.await.unwrap().iter().map(|a| a.level).collect();
    assert_eq!((levels[0], *levels.last().unwrap()), (L2, L1));
    assert!(levels.contains(&L3));
});

testkit::on_both!(devices_lift_to_l4, |bed| async move {
    let w = world(bed).await;
    w.bed.on("2019-04-10");
    w.order("ord_1", COMPUTING, "2019-01-01", "2019-12-31", true).await;
    w.confirmed("acc-1").await;
    w.import("q1.csv", &bill(&["2019-01", "2019-02", "2019-03"].map(|m| row(m, &[])))).await;
    assert_eq!(w.assessed("ord_1").await.level, L3);
    let day = |devices_reporting| DeviceDay {
        enterprise_id: w.enterprise.clone(),
        day: testkit::day("2019-03-20"),
        devices_reporting,
        devices_registered: 5,
        active_hours: 80,
        readings: 900,
        readings_expected: 1_000,
    };
    let put = async |day: DeviceDay| {
        let system = Actor::system();
        w.bed.write(&system, |cx| Box::pin(record_device_days::run(cx, vec![day]))).await.unwrap()
    };
    assert_eq!(put(day(4)).await, 1);
    assert_eq!(put(day(4)).await, 0, "the same day again changes nothing");
    assert_eq!(w.assessed("ord_1").await.level, L4);
    let shown = w.bed.read(&enterprise_owner(&w.enterprise), |cx| Box::pin(read::device_days(cx, 10))).await.unwrap();
    assert_eq!((shown[0].0.share_bp(), shown.len()), (Some(9_000), 1));
    let others = w.bed.read(&enterprise_owner("org_z"), |cx| Box::pin(read::device_days(cx, 10))).await;
    assert!(others.unwrap().is_empty());
    // What was too much is taken back: late corrections of a day lower the level again.
    put(day(0)).await;
    assert_eq!(w.assessed("ord_1").await.level, L3);
});

testkit::on_both!(the_job_assesses_all_and_writes_only_what_changed, |bed| async move {
    let w = world(bed).await;
    w.bed.on("2019-01-10");
    for n in 0..3 {
        w.order(&format!("ord_{n}"), COMPUTING, "2019-01-01", "2019-12-31", n > 0).await;
    }
    let asked: jobs::ThresholdsOf = Arc::new(|programme| {
        assert_eq!(programme, Some("tianjin-2018"));
        Thresholds::default()
    });
    assert_eq!(jobs::assess_all(&w.bed.db, asked.clone()).await.unwrap(), 3);
    w.bed.on("2019-01-11");
    assert_eq!(jobs::assess_all(&w.bed.db, asked.clone()).await.unwrap(), 3);
    let count = || async {
        let system = Actor::system();
        let rows = w.bed.read(&system, |cx| {
            Box::pin(async move { cx.one("SELECT COUNT(*) AS n FROM usage_level", vec![]).await?.get::<i64>("n") })
        });
        rows.await.unwrap()
    };
    assert_eq!(count().await, 3, "a day later nothing has changed");
    w.confirmed("acc-1").await;
    let (enterprises, asked) = (vec![w.enterprise.clone()], asked.clone());
    let system = Actor::system();
    let done =
        w.bed.write(&system, |cx| Box::pin(async move { jobs::assess_enterprises(cx, &enterprises, &asked).await }));
    assert_eq!((done.await.unwrap(), count().await), (3, 5), "the one without papers stays as it was");
    // As at a date: one row an order, by the view that statistics reads.
    for (date, expected) in [("2019-01-10", ["L0", "L1", "L1"]), ("2019-01-11", ["L0", "L2", "L2"])] {
        let levels: Vec<String> = w
            .bed
            .read(&Actor::system(), |cx| {
                Box::pin(async move {
                    let sql = "SELECT level FROM pub_usage_level WHERE assessed_on <= $1 \
                               AND (replaced_on IS NULL OR replaced_on > $1) ORDER BY order_id";
                    cx.all(sql, store::params![date])
                        .await?
                        .iter()
                        .map(|r| r.get("level"))
                        .collect::<Result<_, store::StoreError>>()
                })
            })
            .await
            .unwrap();
        assert_eq!(levels, expected, "{date}");
    }
});

testkit::on_both!(what_changed_is_assessed_once_and_only_that, |bed| async move {
    let w = world(bed).await;
    w.bed.on("2019-04-10");
    w.order("ord_1", COMPUTING, "2019-01-01", "2019-12-31", true).await;
    let asked: jobs::ThresholdsOf = Arc::new(|_| Thresholds::default());
    let changed = async || jobs::assess_changed(&w.bed.db, asked.clone()).await.unwrap();
    assert_eq!(changed().await, 0, "nothing has changed yet");
    w.confirmed("acc-1").await;
    assert_eq!(changed().await, 1);
    w.import("q1.csv", &bill(&["2019-01", "2019-02", "2019-03"].map(|m| row(m, &[])))).await;
    assert_eq!(changed().await, 1);
    let system = Actor::system();
    let level = w.bed.read(&system, |cx| Box::pin(async move { level_of_order(cx, "ord_1").await }));
    assert_eq!(level.await.unwrap().level, L3);
    assert_eq!(changed().await, 0, "it was taken up");
});

testkit::on_both!(officers_see_their_district, |bed| async move {
    let w = world(bed).await;
    w.bed.on("2019-01-10");
    w.order("ord_1", COMPUTING, "2019-01-01", "2019-12-31", true).await;
    w.confirmed("acc-1").await;
    w.import("1.csv", &bill(&[row("2019-01", &[])])).await;
    w.assessed("ord_1").await;
    for (who, expected) in
        [(city_officer(1), 1), (district_officer("120116", 1), 1), (district_officer("120101", 1), 0)]
    {
        let filter = LevelFilter { limit: 10, ..LevelFilter::default() };
        let levels = w.bed.read(&who, |cx| Box::pin(read::levels(cx, filter))).await.unwrap();
        assert_eq!(levels.items.len(), expected, "{}", who.name);
        assert_eq!(w.statements(&who).await.len(), expected, "{}", who.name);
    }
});
