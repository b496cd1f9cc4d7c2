//! Importing enterprises from a spreadsheet.

use kernel::Lang;
use orgs::import_orgs::{self, COLUMNS, ImportOrgs, ImportOrgsError, ImportReport, ImportRow};
use orgs::list::{self, OrgFilter};
use testkit::{TestBed, city_officer, day, district_officer, on_both};

use crate::help::*;

fn row(row: usize, n: u32, cells: [&str; 7]) -> ImportRow {
    let mut all = vec![uscc(n).to_string()];
    all.extend(cells.map(str::to_owned));
    ImportRow::from_cells(row, &all)
}

fn good(at: usize, n: u32) -> ImportRow {
    row(at, n, [&format!("企业{n}"), "滨海新区", "34", "86", "32,000,000.50", "2009/05/18", "是"])
}

fn cmd(rows: Vec<ImportRow>) -> ImportOrgs {
    ImportOrgs { rows, facts_from: day("2018-01-01"), file_name: "名录.xlsx".into() }
}

async fn import(bed: &TestBed, rows: Vec<ImportRow>) -> ImportReport {
    bed.write(&city_officer(1), move |cx| Box::pin(import_orgs::run(cx, cmd(rows)))).await.unwrap()
}

async fn count(bed: &TestBed) -> usize {
    let filter = OrgFilter { limit: 1_000, ..Default::default() };
    bed.read(&city_officer(1), move |cx| Box::pin(list::run(cx, filter))).await.unwrap().items.len()
}

on_both!(a_clean_file_is_imported_whole, |bed| async move {
    let rows: Vec<_> = (0..300).map(|n| good(n as usize + 2, n)).collect();
    let looked = bed
        .read(&city_officer(1), {
            let rows = rows.clone();
            move |cx| Box::pin(async move { import_orgs::check(cx, &cmd(rows)).await })
        })
        .await
        .unwrap();
    assert_eq!((looked.rows, looked.faults.len(), looked.imported), (300, 0, 0));
    assert_eq!(count(&bed).await, 0, "a trial changes nothing");
    let report = import(&bed, rows).await;
    assert_eq!((report.imported, report.faults.len()), (300, 0));
    assert_eq!(count(&bed).await, 300);
    let filter = OrgFilter { name_prefix: Some("企业299".into()), limit: 1, ..Default::default() };
    let page = bed.read(&city_officer(1), move |cx| Box::pin(list::run(cx, filter))).await.unwrap();
    let id = page.items[0].id.clone();
    let seen = bed.read(&city_officer(1), move |cx| Box::pin(orgs::view::run(cx, id))).await.unwrap();
    assert_eq!(seen.facts.revenue_fen, Some(kernel::Fen(3_200_000_050)));
    assert_eq!((seen.facts.district.as_deref(), seen.facts.established_on), (Some("120116"), Some(day("2009-05-18"))));
});

on_both!(every_wrong_cell_is_reported_and_nothing_is_imported, |bed| async move {
    import(&bed, vec![good(2, 1)]).await;
    let mut mistyped = good(3, 3);
    mistyped.uscc.replace_range(0..1, "O");
    let rows = vec![
        good(2, 2),
        mistyped,
        row(4, 4, ["", "火星区", "制造", "many", "32万", "May 2009", "maybe"]),
        good(5, 1),
        good(6, 2),
        row(7, 5, ["企业5", "", "", "", "", "", ""]),
        row(8, 6, ["企业6", "120101", "34", "-1", "-5", "2030-01-01", "N"]),
    ];
    let report = import(&bed, rows).await;
    assert_eq!(report.imported, 0);
    let found: Vec<_> = report.faults.iter().map(|f| (f.row, f.column, f.problem.code)).collect();
    assert_eq!(
        found,
        [
            (3, "uscc", "uscc-wrong"),
            (4, "name", "name-missing"),
            (4, "district", "district-unknown"),
            (4, "industry", "industry-unknown"),
            (4, "staff", "staff-not-a-number"),
            (4, "revenue_yuan", "revenue-not-an-amount"),
            (4, "established_on", "date-wrong"),
            (4, "registered_in_city", "not-yes-or-no"),
            (5, "uscc", "uscc-taken"),
            (6, "uscc", "uscc-twice"),
            (7, "district", "district-missing"),
            (8, "staff", "staff-out-of-range"),
            (8, "revenue_yuan", "revenue-negative"),
            (8, "established_on", "established-in-future"),
        ]
    );
    for fault in &report.faults {
        assert!(!fault.problem.zh.is_empty() && fault.problem.en.starts_with(|c: char| c.is_ascii()), "{fault:?}");
        assert_ne!(fault.heading(Lang::Zh), fault.heading(Lang::En));
    }
    assert_eq!(count(&bed).await, 1);
});

on_both!(a_district_officer_imports_the_own_district_only, |bed| async move {
    let rows = vec![good(2, 1), row(3, 2, ["企业2", "和平区", "34", "", "", "", ""])];
    let report =
        bed.write(&district_officer("120116", 1), move |cx| Box::pin(import_orgs::run(cx, cmd(rows)))).await.unwrap();
    assert_eq!(report.faults.iter().map(|f| (f.row, f.problem.code)).collect::<Vec<_>>(), [(3, "district-not-own")]);
    let refused = bed.write(&testkit::auditor(), |cx| Box::pin(import_orgs::run(cx, cmd(vec![good(2, 1)])))).await;
    assert!(matches!(refused, Err(ImportOrgsError::Forbidden)));
    let empty = bed.write(&city_officer(1), |cx| Box::pin(import_orgs::run(cx, cmd(vec![])))).await;
    assert!(matches!(empty, Err(ImportOrgsError::NoRows {})));
});

#[test]
fn columns_and_cells_stand_in_the_same_order() {
    let cells: Vec<String> = COLUMNS.iter().map(|c| c.key.to_owned()).collect();
    let row = ImportRow::from_cells(2, &cells);
    assert_eq!(
        (row.uscc.as_str(), row.revenue_yuan.as_str(), row.registered_in_city.as_str()),
        ("uscc", "revenue_yuan", "registered_in_city")
    );
}
