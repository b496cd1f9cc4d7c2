//! Enterprises from real XLSX files, as a spreadsheet program writes them: numbers, typed dates, a cover sheet.

use axum::http::StatusCode;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use orgs::import_orgs::COLUMNS;
use rust_xlsxwriter::{ExcelDateTime, Format, Workbook, Worksheet};
use serde_json::json;
use testkit::{city_officer, on_both};

use crate::help::*;
use crate::site::{app, get, post_file, post_json};

/// The head of each column, from row `at` (0 is the first).
fn heads(sheet: &mut Worksheet, at: u32) {
    for (c, column) in COLUMNS.iter().enumerate() {
        sheet.write(at, c as u16, column.zh).unwrap();
    }
}

/// A row as a person types it: code and name are text, the rest is what a spreadsheet makes of it.
fn typed(sheet: &mut Worksheet, at: u32, n: u32, revenue: f64) {
    let date = Format::new().set_num_format("yyyy-mm-dd");
    sheet.write(at, 0, uscc(n).as_str()).unwrap();
    sheet.write(at, 1, format!("企业{n}")).unwrap();
    sheet.write(at, 2, 120_116.0).unwrap();
    sheet.write(at, 3, 34.0).unwrap();
    sheet.write(at, 4, 86.0).unwrap();
    sheet.write(at, 5, revenue).unwrap();
    let day = ExcelDateTime::from_ymd(2009, 5, 18).unwrap();
    sheet.write_datetime_with_format(at, 6, &day, &date).unwrap();
    sheet.write(at, 7, true).unwrap();
}

fn saved(mut book: Workbook) -> Vec<u8> {
    book.save_to_buffer().unwrap()
}

const DAY: (&str, &str) = ("facts_from", "2018-01-01");

on_both!(a_workbook_with_typed_cells_a_cover_and_notes_goes_in_whole_and_once, |bed| async move {
    let (app, officer) = (app(&bed), city_officer(1));
    let mut book = Workbook::new();
    book.add_worksheet().set_name("说明").unwrap().write(0, 0, "请在第二张表填写").unwrap();
    let sheet = book.add_worksheet();
    heads(sheet, 2);
    // Sums of binary fractions, which a spreadsheet shows as 32000000.3 and 1234567.89.
    typed(sheet, 3, 1, 32_000_000.0 + 0.1 + 0.2);
    typed(sheet, 4, 2, 1_234_567.89);
    book.add_worksheet().set_name("备注").unwrap().write(0, 0, "一张无关的表").unwrap();
    let file = saved(book);
    let fields = [DAY, ("_key", "k1")];
    for _ in 0..2 {
        let done = post_file(&app, &officer, "/orgs/import", &fields, &file).await;
        assert_eq!(done.location, "/orgs", "a retry gets the first answer: {}", done.text());
    }
    let list = get(&app, &officer, "/api/v1/orgs").await.json();
    assert_eq!(list["items"].as_array().unwrap().len(), 2);
    for (n, revenue_fen) in [(1, 3_200_000_030_i64), (2, 123_456_789)] {
        let found = list["items"].as_array().unwrap().iter().find(|o| o["uscc"] == uscc(n).as_str()).unwrap().clone();
        let facts = get(&app, &officer, &format!("/api/v1/orgs/{}/facts", found["id"].as_str().unwrap())).await.json();
        assert_eq!(facts["revenue_fen"], revenue_fen, "{facts}");
        assert_eq!(facts["established_on"], "2009-05-18", "{facts}");
        assert_eq!((facts["staff"].as_i64(), facts["district"].as_str()), (Some(86), Some("120116")), "{facts}");
        assert_eq!(facts["registered_in_city"], true, "{facts}");
    }
});

on_both!(each_fault_of_a_workbook_is_named_by_its_row_and_column, |bed| async move {
    let (app, officer) = (app(&bed), city_officer(1));
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    heads(sheet, 0);
    typed(sheet, 1, 1, 1.0);
    typed(sheet, 2, 2, 1.0);
    // A credit code of digits alone, typed as a number: a spreadsheet keeps fifteen of its eighteen.
    sheet.write(2, 0, 911_201_160_000_000_012.0).unwrap();
    typed(sheet, 3, 3, 0.005);
    sheet.write(3, 4, 86.5).unwrap();
    sheet.write(3, 6, 39_951.0).unwrap();
    let file = saved(book);
    let report = post_file(&app, &officer, "/orgs/import", &[DAY], &file).await;
    let text = report.text();
    assert_eq!(report.status, StatusCode::OK);
    assert!(text.contains("未导入任何一行"), "{text}");
    assert!(text.contains("9.1120116E17") && text.contains("设为“文本”"), "the number that lost its end: {text}");
    for found in ["86.5", "39951", "0.005"] {
        assert!(text.contains(&format!(">{found}<")), "{found}: {text}");
    }
    // The same by the API, and nothing is kept of the failure: the corrected file goes in under the same key.
    let send = |bytes: &[u8], trial: bool| json!({ "file_name": "名录.xlsx", "content_base64": STANDARD.encode(bytes), "facts_from": "2018-01-01", "trial": trial });
    let path = "/api/v1/orgs/imports";
    let report = post_json(&app, &officer, path, "k1", &send(&file, false)).await.json();
    assert_eq!((report["imported"].as_i64(), report["rows"].as_i64()), (Some(0), Some(3)), "{report}");
    let found: Vec<_> = report["faults"]
        .as_array()
        .unwrap()
        .iter()
        .map(|f| (f["row"].as_i64().unwrap(), f["code"].as_str().unwrap().to_owned()))
        .collect();
    let expected =
        [(3, "uscc-typed-as-number"), (4, "staff-not-a-number"), (4, "revenue-not-an-amount"), (4, "date-wrong")];
    assert_eq!(found, expected.map(|(row, code)| (row, code.to_owned())), "{report}");
    assert_eq!(get(&app, &officer, "/api/v1/orgs").await.json()["items"].as_array().unwrap().len(), 0);
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    heads(sheet, 0);
    typed(sheet, 1, 1, 1.0);
    let good = saved(book);
    let tried = post_json(&app, &officer, path, "k0", &send(&good, true)).await.json();
    assert_eq!((tried["imported"].as_i64(), tried["faults"].as_array().map(Vec::len)), (Some(0), Some(0)), "{tried}");
    for _ in 0..2 {
        let done = post_json(&app, &officer, path, "k1", &send(&good, false)).await.json();
        assert_eq!((done["imported"].as_i64(), done["faults"].as_array().map(Vec::len)), (Some(1), Some(0)), "{done}");
    }
    let broken = json!({ "file_name": "x", "content_base64": STANDARD.encode(b"PK\x03\x04 and no more") });
    let broken = post_json(&app, &officer, path, "k2", &broken).await;
    assert_eq!(broken.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(broken.json()["errors"][0]["field"], "content_base64");
});
