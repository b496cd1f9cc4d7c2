//! Pages and endpoints, as a browser or a program meets them.

use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode, header};
use kernel::{Actor, Calendar, Text};
use orders::place::Place;
use rust_xlsxwriter::{ExcelDateTime, Format, Workbook, Worksheet};
use testkit::{TestBed, auditor, city_officer, district_officer, enterprise_owner, provider};
use tower::ServiceExt;
use web::{App, AppState, Site};

use crate::fixture::{Region, region, uscc};

fn app(bed: &TestBed) -> AppState {
    let site = Site { name: Text::new("云津", "Yunjin"), ..Site::default() };
    let app = App::new(bed.db.clone(), bed.blobs.clone(), bed.folder().join("uploads"), site, Calendar::default());
    Arc::new(app)
}

struct Answer {
    status: StatusCode,
    heads: HeaderMap,
    body: String,
}

impl Answer {
    fn head(&self, name: header::HeaderName) -> &str {
        self.heads.get(name).map_or("", |v| v.to_str().unwrap())
    }
    /// The value of a hidden or filled field.
    fn field(&self, name: &str) -> String {
        let mark = format!("name=\"{name}\" value=\"");
        let rest = self.body.split(&mark).nth(1).unwrap_or_else(|| panic!("no field {name}: {}", self.body));
        rest.split('"').next().unwrap().to_owned()
    }
}

async fn send(app: &AppState, actor: &Actor, request: Request<Body>) -> Answer {
    let router = web::test_router(orders::routes(), app.clone(), actor.clone());
    let response = router.oneshot(request).await.unwrap();
    let (status, heads) = (response.status(), response.headers().clone());
    let bytes = to_bytes(response.into_body(), 1 << 24).await.unwrap();
    Answer { status, heads, body: String::from_utf8_lossy(&bytes).into_owned() }
}

async fn get(app: &AppState, actor: &Actor, path: &str) -> Answer {
    send(app, actor, Request::get(path).body(Body::empty()).unwrap()).await
}

async fn post(app: &AppState, actor: &Actor, path: &str, fields: &[(&str, &str)]) -> Answer {
    let mut body = "_csrf=test".to_owned();
    for (name, value) in fields {
        let escaped: String = value.bytes().map(|b| format!("%{b:02X}")).collect();
        body.push_str(&format!("&{name}={escaped}"));
    }
    let request = Request::post(path).header("content-type", "application/x-www-form-urlencoded");
    send(app, actor, request.body(Body::from(body)).unwrap()).await
}

async fn upload(
    app: &AppState,
    actor: &Actor,
    path: &str,
    fields: &[(&str, &str)],
    file: (&str, &str, &[u8]),
) -> Answer {
    let mut body = Vec::new();
    for (name, value) in [("_csrf", "test")].iter().chain(fields) {
        let part = format!("--X\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
        body.extend_from_slice(part.as_bytes());
    }
    let (name, file_name, bytes) = file;
    let head = format!("--X\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"{file_name}\"\r\n\r\n");
    body.extend_from_slice(head.as_bytes());
    body.extend_from_slice(bytes);
    body.extend_from_slice(b"\r\n--X--\r\n");
    let request = Request::post(path).header("content-type", "multipart/form-data; boundary=X");
    send(app, actor, request.body(Body::from(body)).unwrap()).await
}

/// Posts the form and follows to the address of the check.
async fn checked(app: &AppState, actor: &Actor, fields: &[(&str, &str)]) -> Answer {
    let sent = post(app, actor, "/orders/new", fields).await;
    assert_eq!(
        sent.status,
        StatusCode::SEE_OTHER,
        "the check is at an address that can be gone back to: {}",
        sent.body
    );
    get(app, actor, sent.head(header::LOCATION)).await
}

testkit::on_both!(an_enterprise_orders_checks_its_shares_and_the_provider_confirms, |bed| async move {
    let r = region(bed).await;
    let (app, owner, seller) = (app(&r.bed), enterprise_owner(&r.enterprise), provider(&r.provider));
    let form = get(&app, &owner, &format!("/orders/new?service={}", r.service.id)).await;
    assert!(form.body.contains(&r.voucher) && form.body.contains("可用 3,000.00 元"), "{}", form.body);
    let mut fields = vec![
        ("service", r.service.id.as_str()),
        ("quantity", "0"),
        ("months", "many"),
        ("starts_on", "1 October"),
        ("voucher_id", ""),
    ];
    let wrong = checked(&app, &owner, &fields).await;
    for field in ["quantity", "months", "starts_on", "voucher_id"] {
        assert!(wrong.body.contains(&format!("href=\"#{field}\"")), "all wrong fields are said at once: {field}");
    }
    fields[1].1 = "1";
    fields[2].1 = "12";
    fields[3].1 = "2018-10-01";
    fields[4].1 = &r.voucher;
    let check = checked(&app, &owner, &fields).await;
    assert_eq!(check.status, StatusCode::OK);
    let back = check.body.split("href=\"/orders/new?").nth(1).unwrap().split('"').next().unwrap().replace("&#38;", "&");
    let form = get(&app, &owner, &format!("/orders/new?{back}")).await;
    assert_eq!(
        (form.field("months").as_str(), form.field("starts_on").as_str()),
        ("12", "2018-10-01"),
        "inputs are kept"
    );
    assert!(check.body.contains("从云惠券占用"));
    let mut alone = fields.clone();
    alone[4].1 = "none";
    let alone = checked(&app, &owner, &alone).await;
    assert!(!alone.body.contains("占用") && alone.body.contains("不用券"), "no word of a voucher where none is spent");
    for amount in ["1,440.00", "2,448.00", "5,712.00", "8,160.00"] {
        assert!(check.body.contains(amount), "{amount}");
    }
    let key = check.field("_key");
    let seen = check.field("public_seen_fen");
    fields.extend([("public_seen_fen", seen.as_str()), ("service_version", "1"), ("_key", key.as_str())]);
    let placed = post(&app, &owner, "/orders", &fields).await;
    assert_eq!(placed.status, StatusCode::SEE_OTHER, "{}", placed.body);
    let here = placed.head(header::LOCATION).to_owned();
    let twice = post(&app, &owner, "/orders", &fields).await;
    assert_eq!(twice.head(header::LOCATION), here, "a second click is the same order");
    let shown = get(&app, &seller, &here).await;
    assert!(shown.body.contains("DD-2018-000001") && shown.body.contains("等待服务商确认"));
    let own = get(&app, &owner, &here).await;
    assert!(!own.body.contains("/confirm\""), "only the provider sees the button");
    assert!(own.body.contains("/vouchers/") && shown.body.contains("YHQ-2018-000001"));
    assert!(!shown.body.contains("href=\"/vouchers/vch_"), "a voucher's page is not the provider's");
    let confirmed = post(&app, &seller, &format!("{here}/confirm"), &[]).await;
    assert_eq!(confirmed.head(header::LOCATION), here);
    let late = post(&app, &seller, &format!("{here}/decline"), &[("reason", "x")]).await;
    assert_eq!(late.status, StatusCode::CONFLICT);
    assert!(late.body.contains("error-summary"));
    for actor in [auditor(), city_officer(1), district_officer("120116", 1)] {
        assert_eq!(get(&app, &actor, &here).await.status, StatusCode::OK);
    }
    for actor in [enterprise_owner("org_x"), provider("org_x"), district_officer("120101", 1)] {
        assert_eq!(get(&app, &actor, &here).await.status, StatusCode::NOT_FOUND);
    }
});

async fn confirmed_path(r: &Region) -> String {
    format!("/orders/{}", r.confirmed().await.id)
}

testkit::on_both!(papers_are_uploaded_checked_and_given_back_to_those_who_may_see_them, |bed| async move {
    let r = region(bed).await;
    let (app, seller) = (app(&r.bed), provider(&r.provider));
    let here = confirmed_path(&r).await;
    let there = format!("{here}/papers/contract");
    let form = get(&app, &seller, &there).await;
    assert_eq!(form.field("amount_fen"), "8,160.00");
    assert!(form.body.contains(">DD-2018-000001</a>"), "the way back names the order as people do");
    let early = get(&app, &seller, &format!("{here}/papers/payment")).await;
    assert_eq!(early.status, StatusCode::CONFLICT);
    assert!(early.body.contains("须先登记合同") && !early.body.contains("name=\"bank_reference\""), "{}", early.body);
    let bare = upload(&app, &seller, &there, &[("signed_on", "2010-02-30")], ("other", "x", b"")).await;
    for (field, words) in [
        ("number", "合同编号：请填写此项"),
        ("signed_on", "签订日期：没有 2010-02-30 这一天"),
        ("document", "选择文件"),
    ] {
        assert!(
            bare.body.contains(&format!("href=\"#{field}\"")) && bare.body.contains(words),
            "{field}: {}",
            bare.body
        );
    }
    let (buyer, supplier) = (uscc(1), uscc(2));
    let fields = [
        ("number", "JY-1"),
        ("signed_on", "2018-09-03"),
        ("starts_on", "2018-10-01"),
        ("ends_on", "2019-09-30"),
        ("amount_fen", "8,160"),
        ("buyer_uscc", buyer.as_str()),
        ("seller_uscc", supplier.as_str()),
    ];
    let fake = upload(&app, &seller, &there, &fields, ("document", "合同.pdf", b"PK\x03\x04 not a pdf")).await;
    assert!(fake.body.contains("id=\"document-error\"") && fake.body.contains("扩展名与内容不符"));
    assert!(fake.body.contains("value=\"JY-1\""), "typed values stay");
    let huge = upload(&app, &seller, &there, &fields, ("document", "合同.pdf", &vec![b'%'; (1 << 20) + 1])).await;
    assert!(huge.body.contains("文件为 1.1 MiB，上限 1 MiB"));
    let stranger = upload(&app, &provider("org_x"), &there, &fields, ("document", "a.pdf", b"%PDF-x")).await;
    assert_eq!(stranger.status, StatusCode::NOT_FOUND);
    let done = upload(&app, &seller, &there, &fields, ("document", "合同.pdf", b"%PDF-1.7 x")).await;
    assert_eq!(done.head(header::LOCATION), here, "{}", done.body);
    let shown = get(&app, &enterprise_owner(&r.enterprise), &here).await;
    let href = shown.body.split("/documents/").nth(1).unwrap().split('"').next().unwrap();
    let document = get(&app, &auditor(), &format!("{here}/documents/{href}")).await;
    assert_eq!(document.body, "%PDF-1.7 x");
    assert_eq!(document.head(header::CONTENT_TYPE), "application/pdf");
    assert!(document.head(header::CONTENT_DISPOSITION).contains("filename*=UTF-8''%E5%90%88%E5%90%8C.pdf"));
    assert_eq!(document.head(header::X_CONTENT_TYPE_OPTIONS), "nosniff");
    let hidden = get(&app, &enterprise_owner("org_x"), &format!("{here}/documents/{href}")).await;
    assert_eq!(hidden.status, StatusCode::NOT_FOUND);
    let paid = upload(
        &app,
        &enterprise_owner(&r.enterprise),
        &format!("{here}/papers/payment"),
        &[
            ("bank_reference", "ICBC-1"),
            ("paid_on", "2018-09-03"),
            ("amount_fen", "5712"),
            ("payer_uscc", supplier.as_str()),
            ("payee_uscc", supplier.as_str()),
        ],
        ("document", "回单.png", b"\x89PNG\r\n\x1a\n"),
    )
    .await;
    assert!(paid.body.contains("id=\"payer_uscc-error\""), "somebody else's payment is said at its field");
    let contract = shown.body.split("value=\"contract/").nth(1).unwrap().split('"').next().unwrap();
    let voided = post(
        &app,
        &seller,
        &format!("{here}/void"),
        &[("paper", &format!("contract/{contract}")), ("void_reason", "录错")],
    )
    .await;
    assert_eq!(voided.head(header::LOCATION), here, "{}", voided.body);
    assert!(get(&app, &seller, &here).await.body.contains("已作废的材料"));
});

testkit::on_both!(lists_filter_and_export, |bed| async move {
    let r = region(bed).await;
    let app = app(&r.bed);
    let first_time = get(&app, &enterprise_owner(&r.enterprise), "/orders").await;
    assert!(first_time.body.contains("还没有订单") && !first_time.body.contains("没有符合条件的记录"));
    for _ in 0..31 {
        r.bed.clock.advance(jiff::Span::new().seconds(1));
        r.place(Place { voucher_id: None, ..r.a_year() }).await.unwrap();
    }
    let owner = enterprise_owner(&r.enterprise);
    let page = get(&app, &owner, "/orders?state=placed").await;
    let next = page.body.split("rel=\"next\"").next().unwrap().rsplit("href=\"").next().unwrap();
    let next = next.split('"').next().unwrap().replace("&amp;", "&");
    let second = get(&app, &owner, &next).await;
    assert!(second.body.contains("DD-2018-000001") && !second.body.contains("DD-2018-000002"));
    let csv = get(&app, &city_officer(1), "/orders?format=csv").await;
    assert_eq!(csv.body.lines().count(), 32);
    assert!(
        csv.body.contains("滨海精密机械厂,津云科技,云主机,9600.00,1440.00,0.00,8160.00,待服务商确认"),
        "{}",
        csv.body
    );
    let xlsx = get(&app, &owner, "/orders?format=xlsx").await;
    assert!(xlsx.head(header::CONTENT_DISPOSITION).contains("orders-2018-09-03.xlsx"));
    let one = get(&app, &owner, "/orders?number=DD-2018-000007").await;
    assert!(one.body.contains("DD-2018-000007") && !one.body.contains("DD-2018-000008"));
});

testkit::on_both!(a_spreadsheet_is_imported_or_reported_row_by_row, |bed| async move {
    let r = region(bed).await;
    let (app, seller) = (app(&r.bed), provider(&r.provider));
    let template = get(&app, &seller, "/orders/import/template").await;
    assert!(template.head(header::CONTENT_TYPE).contains("spreadsheetml"));
    let heads = "企业统一社会信用代码,服务编号,数量,月数,开始日期\n";
    let good = format!("{heads}{},{},2,6,2018-10-01\n", uscc(1), r.service.id);
    let bad = format!("{good}{},{},x,6,2018-10-01\n", uscc(1), r.service.id);
    let report = upload(&app, &seller, "/orders/import", &[], ("file", "orders.csv", bad.as_bytes())).await;
    assert!(
        report.body.contains("共 2 行，有 1 处问题") && report.body.contains("应为 1 至 100,000 的整数"),
        "{}",
        report.body
    );
    let columns = upload(&app, &seller, "/orders/import", &[], ("file", "orders.csv", b"a,b\n1,2\n")).await;
    assert!(columns.body.contains("缺少列"));
    let done = upload(&app, &seller, "/orders/import", &[], ("file", "orders.csv", good.as_bytes())).await;
    assert_eq!(done.head(header::LOCATION), "/orders", "{}", done.body);
    let again = upload(&app, &seller, "/orders/import", &[], ("file", "orders.csv", good.as_bytes())).await;
    assert!(again.body.contains("已有内容相同且未结束的订单 DD-2018-000001"), "{}", again.body);
    let named = upload(&app, &seller, "/orders/import", &[], ("file", "orders.xlsx", good.as_bytes())).await;
    assert!(named.body.contains("内容却不是 XLSX"), "{}", named.body);
    let owner = enterprise_owner(&r.enterprise);
    let list = get(&app, &owner, "/orders?state=proposed").await;
    assert!(!list.body.contains("DD-2018-000002"), "the second time made nothing");
    let id = list.body.split("href=\"/orders/ord_").nth(1).unwrap().split('"').next().unwrap();
    let here = format!("/orders/ord_{id}");
    assert!(get(&app, &owner, &here).await.body.contains("name=\"voucher_id\""));
    let accepted = post(&app, &owner, &format!("{here}/accept"), &[("voucher_id", &r.voucher)]).await;
    assert_eq!(accepted.head(header::LOCATION), here, "{}", accepted.body);
});

/// A workbook of orders: heads, then rows as a person types them, with a second sheet that is none of ours.
fn workbook(rows: &[(&str, &str, f64, f64)], spoil: impl Fn(&mut Worksheet)) -> Vec<u8> {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    for (c, (zh, _)) in orders::import::COLUMNS.iter().enumerate() {
        sheet.write(0, c as u16, *zh).unwrap();
    }
    let date = Format::new().set_num_format("yyyy/m/d");
    for (at, (uscc, service, quantity, months)) in (1..).zip(rows) {
        sheet.write(at, 0, *uscc).unwrap();
        sheet.write(at, 1, *service).unwrap();
        sheet.write(at, 2, *quantity).unwrap();
        sheet.write(at, 3, *months).unwrap();
        let day = ExcelDateTime::from_ymd(2018, 10, 1).unwrap();
        sheet.write_datetime_with_format(at, 4, &day, &date).unwrap();
    }
    spoil(sheet);
    book.add_worksheet().write(0, 0, "一张无关的表").unwrap();
    book.save_to_buffer().unwrap()
}

testkit::on_both!(a_workbook_with_typed_cells_is_imported_or_reported, |bed| async move {
    let r = region(bed).await;
    let (app, seller, firm) = (app(&r.bed), provider(&r.provider), uscc(1));
    let rows = [(firm.as_str(), r.service.id.as_str(), 2.0, 6.0), (firm.as_str(), r.service.id.as_str(), 1.0, 12.0)];
    let bad = workbook(&rows, |sheet| {
        sheet.write(1, 0, 911_201_160_000_000_012.0).unwrap();
        sheet.write(1, 3, 6.5).unwrap();
        sheet.write(2, 4, 43_374.0).unwrap();
    });
    let report = upload(&app, &seller, "/orders/import", &[], ("file", "orders.xlsx", &bad)).await;
    assert!(report.body.contains("共 2 行，有 3 处问题"), "{}", report.body);
    for found in ["9.1120116E17", "设为“文本”", ">6.5<", ">43374<", "YYYY-MM-DD"] {
        assert!(report.body.contains(found), "{found}: {}", report.body);
    }
    let list = |app: web::AppState| async move {
        let seen = get(&app, &auditor(), "/api/v1/orders").await.body;
        let list: serde_json::Value = serde_json::from_str(&seen).unwrap();
        list["items"].as_array().unwrap().clone()
    };
    assert_eq!(list(app.clone()).await.len(), 0);
    let good = workbook(&rows, |_| {});
    for _ in 0..2 {
        let done = upload(&app, &seller, "/orders/import", &[("_key", "k1")], ("file", "orders.xlsx", &good)).await;
        assert_eq!(done.head(header::LOCATION), "/orders", "{}", done.body);
    }
    let made = list(app).await;
    assert_eq!(made.len(), 2, "twice sent, once done");
    let mut terms: Vec<_> = made.iter().map(|o| (o["quantity"].as_i64(), o["months"].as_i64())).collect();
    terms.sort_unstable();
    assert_eq!(terms, [(Some(1), Some(12)), (Some(2), Some(6))]);
    assert!(made.iter().all(|o| o["starts_on"] == "2018-10-01"), "{made:?}");
});

testkit::on_both!(the_api_places_and_records_and_refuses_as_problem_details, |bed| async move {
    let r = region(bed).await;
    let (app, owner) = (app(&r.bed), enterprise_owner(&r.enterprise));
    let call = |path: &str, key: &str, body: serde_json::Value| {
        Request::post(path)
            .header("content-type", "application/json")
            .header("idempotency-key", key)
            .body(Body::from(body.to_string()))
            .unwrap()
    };
    let place = serde_json::json!(r.a_year());
    let first = send(&app, &owner, call("/api/v1/orders", "k1", place.clone())).await;
    assert_eq!(first.status, StatusCode::OK, "{}", first.body);
    let retry = send(&app, &owner, call("/api/v1/orders", "k1", place.clone())).await;
    assert_eq!(retry.body, first.body);
    let order: serde_json::Value = serde_json::from_str(&first.body).unwrap();
    assert_eq!(order["public_share_fen"], 244_800);
    let here = format!("/api/v1/orders/{}", order["id"].as_str().unwrap());
    let paper = serde_json::json!({
        "file_name": "合同.pdf", "content_base64": "JVBERi0xLjcgeA==", "number": "JY-9", "signed_on": "2018-09-03",
        "starts_on": "2018-10-01", "ends_on": "2019-09-30", "amount_fen": 816_000,
        "buyer_uscc": uscc(1), "seller_uscc": uscc(2),
    });
    let early = send(&app, &owner, call(&format!("{here}/contract"), "k2", paper.clone())).await;
    assert_eq!((early.status, early.head(header::CONTENT_TYPE)), (StatusCode::CONFLICT, "application/problem+json"));
    let seller = provider(&r.provider);
    let yes = send(&app, &seller, call(&format!("{here}/confirmation"), "k3", serde_json::json!({}))).await;
    assert_eq!(yes.status, StatusCode::OK, "{}", yes.body);
    let recorded = send(&app, &owner, call(&format!("{here}/contract"), "k4", paper)).await;
    assert_eq!(recorded.status, StatusCode::OK, "{}", recorded.body);
    let seen = get(&app, &seller, &here).await;
    let view: serde_json::Value = serde_json::from_str(&seen.body).unwrap();
    assert_eq!(view["papers"]["contract"]["number"], "JY-9");
    let sha256 = view["papers"]["contract"]["document"]["sha256"].as_str().unwrap();
    let paper = get(&app, &seller, &format!("{here}/documents/{sha256}")).await;
    assert_eq!((paper.head(header::CONTENT_TYPE), paper.body.as_str()), ("application/pdf", "%PDF-1.7 x"));
    let stranger = get(&app, &provider("org_other"), &format!("{here}/documents/{sha256}")).await;
    assert_eq!(stranger.status, StatusCode::NOT_FOUND);
    let list: serde_json::Value = serde_json::from_str(&get(&app, &auditor(), "/api/v1/orders").await.body).unwrap();
    assert_eq!(list["items"].as_array().unwrap().len(), 1);
});
