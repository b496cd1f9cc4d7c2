//! Searching, filtering, counting, suggesting, and noticing changes.

use catalogue::model::{Deployment, ServiceState};
use catalogue::search::{self, Snapshot, Sort};
use catalogue::{Hits, ListingVerb, Query, SearchIndex, Service, withdraw_service};
use kernel::{Actor, Fen};
use testkit::{TestBed, provider};

use crate::fixture::{add, decide, listed, offer};

async fn ask(bed: &TestBed, index: &SearchIndex, query: Query) -> Hits {
    let index = index.clone();
    bed.read(&Actor::public(), |cx| Box::pin(async move { search::run(cx, &index, &query).await })).await.unwrap()
}

fn words(words: &str) -> Query {
    Query { words: words.into(), limit: 20, ..Query::default() }
}

fn names(hits: &Hits) -> Vec<&str> {
    hits.items.iter().map(|h| h.service.offer.name.zh.as_str()).collect()
}

async fn some_catalogue(bed: &TestBed) -> (String, Vec<Service>) {
    let mut private = offer("equipment/diagnosis", "机床故障诊断", "Machine-tool fault diagnosis", 800);
    private.deployment = Deployment::Private;
    let (a, services) = listed(
        bed,
        1,
        "津云科技有限公司",
        vec![
            offer("infrastructure/computing", "云主机", "Cloud hosts", 200),
            offer("infrastructure/storage", "对象存储", "Object storage", 100),
            private,
        ],
    )
    .await;
    listed(
        bed,
        2,
        "海河工业互联网平台",
        vec![offer("equipment/prediction", "刀具寿命预测", "Tool life prediction", 1_200)],
    )
    .await;
    (a, services)
}

testkit::on_both!(words_of_both_languages_find_services, |bed| async move {
    some_catalogue(&bed).await;
    let index = SearchIndex::new();
    assert_eq!(ask(&bed, &index, words("")).await.total, 4);
    assert_eq!(names(&ask(&bed, &index, words("故障诊断")).await), ["机床故障诊断"]);
    assert_eq!(names(&ask(&bed, &index, words("机床")).await), ["机床故障诊断"]);
    assert_eq!(names(&ask(&bed, &index, words("cloud host")).await), ["云主机"]);
    assert_eq!(names(&ask(&bed, &index, words("predict")).await), ["刀具寿命预测"]);
    assert_eq!(
        names(&ask(&bed, &index, words("海河")).await),
        ["刀具寿命预测"],
        "a provider's name finds its services"
    );
    assert_eq!(ask(&bed, &index, words("计算资源上云")).await.items[0].service.offer.name.zh, "云主机");
    let some = ask(&bed, &index, words("机床 寿命")).await;
    assert!(some.some_words_only && some.total == 2, "no service has both words: those with one are shown");
});

testkit::on_both!(filters_narrow_and_facets_count_what_each_choice_would_leave, |bed| async move {
    let (a, _) = some_catalogue(&bed).await;
    let index = SearchIndex::new();
    let hits = ask(&bed, &index, Query { family: Some("infrastructure".into()), ..words("") }).await;
    assert_eq!(hits.total, 2);
    let families: Vec<_> = hits.facets.families.iter().map(|c| c.services).collect();
    assert_eq!(families, [2, 0, 0, 2], "families are counted as if none were chosen");
    let subs: Vec<_> = hits.facets.sub_items.iter().map(|c| c.code.as_str()).collect();
    assert_eq!(subs, ["infrastructure/computing", "infrastructure/storage"]);
    assert_eq!(hits.facets.providers.len(), 1);
    let private = ask(&bed, &index, Query { deployment: Some(Deployment::Private), ..words("") }).await;
    assert_eq!(names(&private), ["机床故障诊断"]);
    assert_eq!(private.facets.deployments.iter().map(|c| c.services).collect::<Vec<_>>(), [3, 1, 0]);
    let of_one = ask(&bed, &index, Query { provider_id: Some(a), sort: Sort::PriceDown, ..words("") }).await;
    assert_eq!(names(&of_one), ["机床故障诊断", "云主机", "对象存储"]);
    assert_eq!(of_one.facets.providers.len(), 2, "other providers stay to choose from");
    // 10 % off: 180, 90, 720 and 1,080 yuan
    let mid = Query { price_min_fen: Some(Fen::from_yuan(180)), price_max_fen: Some(Fen::from_yuan(720)), ..words("") };
    assert_eq!(names(&ask(&bed, &index, Query { sort: Sort::PriceUp, ..mid }).await), ["云主机", "机床故障诊断"]);
    let second = ask(&bed, &index, Query { sort: Sort::PriceUp, offset: 1, limit: 1, ..words("") }).await;
    assert_eq!((second.total, names(&second)), (4, vec!["云主机"]));
});

testkit::on_both!(when_nothing_is_found_something_is_suggested, |bed| async move {
    some_catalogue(&bed).await;
    let index = SearchIndex::new();
    let slip = ask(&bed, &index, words("objct storge")).await;
    assert_eq!(slip.total, 0);
    assert!(slip.suggestion.unwrap().words.contains(&"Object storage".to_owned()));
    let slip = ask(&bed, &index, words("刀具寿命予测")).await;
    assert!(slip.some_words_only || slip.suggestion.is_some_and(|s| s.words.contains(&"刀具寿命预测".to_owned())));
    let filtered = ask(&bed, &index, Query { family: Some("business".into()), ..words("云主机") }).await;
    assert_eq!(filtered.total, 0);
    assert_eq!(filtered.suggestion.unwrap().without_filters, 1);
    let nonsense = ask(&bed, &index, words("zzqqxx")).await.suggestion.unwrap();
    assert_eq!((nonsense.without_filters, nonsense.words.len()), (0, 0));
});

testkit::on_both!(every_change_of_the_catalogue_is_found_at_once, |bed| async move {
    let (a, services) = some_catalogue(&bed).await;
    let index = SearchIndex::new();
    assert_eq!(ask(&bed, &index, words("云主机")).await.total, 1);
    let mut renamed = services[0].offer.clone();
    renamed.name.zh = "弹性裸金属".into();
    renamed.description.zh = "整机独享。".into();
    add(&bed, &a, Some(services[0].id.clone()), renamed).await.unwrap();
    assert_eq!(ask(&bed, &index, words("弹性裸金属")).await.total, 1);
    let id = services[1].id.clone();
    bed.write(&provider(&a), |cx| Box::pin(withdraw_service::run(cx, id, ServiceState::Withdrawn))).await.unwrap();
    assert_eq!(ask(&bed, &index, words("对象存储")).await.total, 0);
    decide(&bed, &a, ListingVerb::Suspend, "投诉核查中").await.unwrap();
    assert_eq!(ask(&bed, &index, words("")).await.total, 1, "a suspended provider's services are not on offer");
    decide(&bed, &a, ListingVerb::Resume, "").await.unwrap();
    assert_eq!(ask(&bed, &index, words("")).await.total, 3);
});

/// Thousands of services, made by combining words.
fn many(n: usize) -> Vec<(Service, String)> {
    let things = ["机床", "焊接", "注塑", "冲压", "装配", "仓储", "能源", "质量", "设备", "供应链"];
    let verbs = ["监测", "诊断", "预测", "排产", "追溯", "建模", "备份", "协同", "采集", "优化"];
    (0..n)
        .map(|i| {
            let sub_item = kernel::SUB_ITEMS[i % kernel::SUB_ITEMS.len()].code;
            let (thing, verb) = (things[i % 10], verbs[i / 10 % 10]);
            let name = format!("{thing}{verb}服务 {i}");
            let service = Service {
                id: format!("svc_{i:06}"),
                provider_id: format!("org_{}", i % 60),
                state: ServiceState::Active,
                version: 1,
                offer: offer(sub_item, &name, &format!("Service {i}"), 100 + (i % 900) as i64),
                at: testkit::instant("2018-09-03"),
            };
            (service, format!("第{}号云服务商", i % 60))
        })
        .collect()
}

#[test]
fn thousands_of_services_are_searched_quickly() {
    let snapshot = Snapshot::build(1, many(5_000)).unwrap();
    let asked = ["机床 诊断", "设备", "service 42", "", "能源优化 平台", "zzqqxx"];
    let mut times = Vec::new();
    for round in 0..20 {
        for a in asked {
            let query = Query { sort: if round % 2 == 0 { Sort::Relevance } else { Sort::PriceUp }, ..words(a) };
            let begun = std::time::Instant::now();
            let hits = snapshot.search(&query).unwrap();
            times.push(begun.elapsed());
            assert_eq!(hits.total == 0, a == "zzqqxx", "{a}");
        }
    }
    times.sort();
    let (median, slowest) = (times[times.len() / 2], times[times.len() - 1]);
    // The aim is 1 ms optimised; unoptimised test builds are some twenty times slower.
    assert!(median.as_millis() < 60, "median {median:?}, slowest {slowest:?}");
}
