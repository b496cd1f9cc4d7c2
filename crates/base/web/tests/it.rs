//! The frame: gates, forms, refusals as pages and as problem details, lists as files.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::Path;
use axum::http::{Request, StatusCode, header};
use axum::response::{IntoResponse, Response};
use kernel::{Action, Actor, Fen, Lang, Text};
use store::StoreError;
use testkit::TestBed;
use tower::ServiceExt;
use web::{
    ApiPost, App, AppError, AppState, Cell, Col, Ctx, Form, FormData, Page, Route, Site, Table, again_or_fail,
    test_router,
};

store::refusals! {
    /// For the test.
    pub enum TryError {
        /// Too much.
        TooMuch { asked: Fen } = 409, "too-much", field "amount", zh "合同金额超出{asked}", en "{asked} is too much";
    }
}

#[derive(askama::Template)]
#[template(
    source = "{% extends \"layout.html\" %}{% block content %}{{ f.error_summary() }}{{ f.open(\"/try\") }}{{ f.input(\"amount\").label(p.t(\"合同金额\", \"Contract amount\")) }}{{ f.close() }}{% endblock %}",
    ext = "html"
)]
struct Show {
    p: Page,
    f: Form,
}

fn page(ctx: &Ctx, f: Form) -> Result<Response, AppError> {
    ctx.render(&Show { p: ctx.page(ctx.t("试", "Try")), f })
}

async fn get(ctx: Ctx) -> Result<Response, AppError> {
    page(&ctx, Form::new(&ctx))
}

async fn post(ctx: Ctx, data: FormData) -> Result<Response, AppError> {
    let mut check = data.check(ctx.lang);
    let amount = check.yuan("amount");
    let errors = check.errors();
    if !errors.is_empty() {
        return page(&ctx, Form::again(&ctx, &data, errors));
    }
    let done = ctx
        .submit(&data, move |cx| {
            Box::pin(async move {
                if amount > Fen::from_yuan(10) {
                    return Err(TryError::TooMuch { asked: amount });
                }
                cx.journal("test.try", "x", &(), &amount).await?;
                Ok(cx.next_number("try").await?)
            })
        })
        .await;
    match done {
        Ok(n) => Ok(ctx.redirect(&format!("/done/{n}"))),
        Err(e) => again_or_fail(e, ctx.lang, |errors| page(&ctx, Form::again(&ctx, &data, errors))),
    }
}

async fn api(ctx: Ctx, Path(_id): Path<String>, post: ApiPost<i64>) -> Result<Response, AppError> {
    let n: i64 = ctx
        .submit_keyed::<_, StoreError, _>(&post.key, &post.content, move |cx| {
            Box::pin(async move {
                cx.journal("test.api", "x", &(), &post.body).await?;
                cx.next_number("try").await
            })
        })
        .await?;
    Ok(axum::Json(n).into_response())
}

async fn bed() -> (TestBed, AppState) {
    let bed = TestBed::open(testkit::Backend::Sqlite).await.unwrap();
    let site = Site { name: Text::new("云津", "Yunjin"), ..Site::default() };
    let app =
        App::new(bed.db.clone(), bed.blobs.clone(), bed.folder().join("uploads"), site, kernel::Calendar::default());
    (bed, Arc::new(app))
}

fn routes() -> Vec<Route> {
    vec![
        Route::get("/try", Action::PlaceOrder, get),
        Route::post("/try", Action::PlaceOrder, post),
        Route::post("/api/v1/try/{id}", Action::PlaceOrder, api),
    ]
}

async fn call(app: &AppState, actor: Actor, request: Request<Body>) -> (StatusCode, String, String) {
    let response = test_router(routes(), app.clone(), actor).oneshot(request).await.unwrap();
    let status = response.status();
    let location = response.headers().get(header::LOCATION).map_or(String::new(), |v| v.to_str().unwrap().to_owned());
    let bytes = axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap();
    (status, location, String::from_utf8_lossy(&bytes).into_owned())
}

fn form(body: &str) -> Request<Body> {
    Request::post("/try")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(Body::from(body.to_owned()))
        .unwrap()
}

#[tokio::test]
async fn the_gate_follows_the_table() {
    let (_bed, app) = bed().await;
    let ask = || Request::get("/try").body(Body::empty()).unwrap();
    assert_eq!(call(&app, testkit::enterprise_owner("org_a"), ask()).await.0, StatusCode::OK);
    let (status, location, _) = call(&app, Actor::public(), ask()).await;
    assert_eq!((status, location.as_str()), (StatusCode::SEE_OTHER, "/sign-in?next=%2Ftry"));
    let (status, _, body) = call(&app, testkit::auditor(), ask()).await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    assert!(body.contains("您的身份无权进行此操作"), "{body}");
}

#[tokio::test]
async fn a_form_keeps_what_was_typed_and_says_what_is_wrong() {
    let (_bed, app) = bed().await;
    let owner = testkit::enterprise_owner("org_a");
    let (status, _, body) = call(&app, owner.clone(), form("_csrf=test&amount=12%E4%B8%87")).await;
    assert_eq!(status, StatusCode::OK);
    assert!(
        body.contains("error-summary") && body.contains("value=\"12万\"") && body.contains("aria-invalid"),
        "{body}"
    );
    let (status, _, body) = call(&app, owner.clone(), form("_csrf=test&amount=11")).await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert!(body.contains("超出¥11.00") && body.contains("href=\"#amount\""), "{body}");
    let (status, _, body) = call(&app, owner, form("_csrf=wrong&amount=1")).await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    assert!(body.contains("csrf"));
}

#[tokio::test]
async fn an_error_page_leads_back_where_the_reader_came_from() {
    let (_bed, app) = bed().await;
    let ask = async |referer: &str| {
        let request = Request::post("/try")
            .header("content-type", "application/x-www-form-urlencoded")
            .header("host", "yunjin.test")
            .header("referer", referer)
            .body(Body::from("_csrf=wrong&amount=1"))
            .unwrap();
        call(&app, testkit::enterprise_owner("org_a"), request).await.2
    };
    let back = "回到上一页";
    assert!(ask("http://yunjin.test/try?a=1").await.contains("href=\"/try?a=1\""));
    for elsewhere in ["http://other.test/try", "http://yunjin.test//other.test/", "nonsense", "javascript:alert(1)"] {
        assert!(!ask(elsewhere).await.contains(back), "{elsewhere}");
    }
}

#[tokio::test]
async fn a_second_click_does_nothing_more() {
    let (_bed, app) = bed().await;
    let owner = testkit::enterprise_owner("org_a");
    for _ in 0..2 {
        let (status, location, _) = call(&app, owner.clone(), form("_csrf=test&_key=k1&amount=1")).await;
        assert_eq!((status, location.as_str()), (StatusCode::SEE_OTHER, "/done/1"));
    }
    let (status, _, body) = call(&app, owner, form("_csrf=test&_key=k1&amount=2")).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{body}");
}

#[tokio::test]
async fn the_api_answers_problem_details_in_the_readers_language() {
    let (_bed, app) = bed().await;
    let owner = testkit::enterprise_owner("org_a");
    let request = |key: Option<&str>, body: &str| {
        let mut r =
            Request::post("/api/v1/try/1").header("content-type", "application/json").header("accept-language", "en");
        if let Some(k) = key {
            r = r.header("idempotency-key", k);
        }
        r.body(Body::from(body.to_owned())).unwrap()
    };
    let (status, _, body) = call(&app, owner.clone(), request(None, "1")).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(
        body.contains("urn:yunjin:problem:idempotency-key-missing") && body.contains("The request needs"),
        "{body}"
    );
    let (status, _, body) = call(&app, owner.clone(), request(Some("a"), "\"x\"")).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(body.contains("line 1 column"), "{body}");
    for _ in 0..2 {
        let (status, _, body) = call(&app, owner.clone(), request(Some("b"), "5")).await;
        assert_eq!((status, body.as_str()), (StatusCode::OK, "1"));
    }
}

#[test]
fn a_list_is_the_same_on_the_page_and_in_files() {
    let columns = vec![Col::text("企业"), Col::num("金额（元）"), Col::actions("操作")];
    let mut table = Table::new(Lang::Zh, "t", "表", columns);
    table.row(vec![Cell::text("=cmd()"), Cell::Money(Fen(123_456)), Cell::Html(web::Html("<b>x</b>".into()))]);
    let csv = String::from_utf8(table.csv()).unwrap();
    assert_eq!(csv, "\u{feff}企业,金额（元）\n'=cmd(),1234.56\n");
    let sheet =
        web::read_sheet("t.xlsx", &table.xlsx().unwrap(), &[("企业", "Firm"), ("金额（元）", "Amount")]).unwrap();
    assert_eq!(sheet.rows, [(2, vec!["=cmd()".to_owned(), "1234.56".to_owned()])]);
    assert!(table.to_string().contains("1,234.56") && table.to_string().contains("<b>x</b>"));
    let missing = web::read_sheet("t.xlsx", &table.xlsx().unwrap(), &[("区", "District")]).unwrap_err();
    assert!(missing.message(Lang::Zh).contains("缺少列：区。"));
    assert_eq!(missing.message(Lang::En), "Columns are missing: District. Use the heads of the template.");
}

#[test]
fn a_file_that_is_no_table_is_named_so_in_the_readers_language() {
    let say = |name: &str, bytes: &[u8], lang| {
        web::read_sheet(name, bytes, &[("企业", "Firm")]).map(|s| s.rows.len()).unwrap_err().message(lang)
    };
    assert!(say("list.xlsx", "企业\n甲\n".as_bytes(), Lang::En).contains("named .xlsx, but its content is no XLSX"));
    assert!(say("list.xlsx", "企业\n甲\n".as_bytes(), Lang::Zh).contains("内容却不是 XLSX"));
    assert!(say("list.csv", b"%PDF-1.7", Lang::En).contains("a PDF document, not a table"));
    assert!(say("list.csv", b"%PDF-1.7", Lang::Zh).contains("文件是PDF 文档"));
    assert!(say("list.csv", b"", Lang::En).contains("no rows"));
    let empty = Table::new(Lang::Zh, "t", "表", vec![]).xlsx().unwrap();
    assert!(say("list.xlsx", &empty, Lang::En).contains("no rows"), "an empty workbook has no heads to miss");
    assert_eq!(web::read_sheet("list.csv", "Firm\n甲\n".as_bytes(), &[("企业", "Firm")]).unwrap().rows.len(), 1);
}

#[tokio::test]
async fn an_error_summary_names_the_field_once() {
    let (_bed, app) = bed().await;
    let wrong = Request::post("/try")
        .header("content-type", "application/x-www-form-urlencoded")
        .header("accept-language", "en")
        .body(Body::from("_csrf=test&_key=n1&amount=x"))
        .unwrap();
    let (_, _, english) = call(&app, testkit::enterprise_owner("org_a"), wrong).await;
    assert!(english.contains("<a href=\"#amount\">Contract amount: enter an amount in yuan"), "{english}");
    assert!(english.contains("id=\"amount-error\">Error: Enter an amount"), "beside the field its name stands already");
    let (_, _, chinese) = call(&app, testkit::enterprise_owner("org_a"), form("_csrf=test&_key=n2&amount=x")).await;
    assert!(chinese.contains("<a href=\"#amount\">合同金额：请以元填写金额"), "{chinese}");
    let (_, _, named) = call(&app, testkit::enterprise_owner("org_a"), form("_csrf=test&_key=n3&amount=11")).await;
    assert!(named.contains("<a href=\"#amount\">合同金额超出"), "a message with the name in it is left alone: {named}");
}

mod one {
    #[derive(serde::Serialize, utoipa::ToSchema)]
    pub struct Body {
        pub amount_fen: i64,
    }

    #[utoipa::path(get, path = "/api/v1/one", responses((status = 200, body = Body)))]
    pub async fn get() -> axum::Json<Body> {
        axum::Json(Body { amount_fen: 1 })
    }
}

mod other {
    #[derive(serde::Serialize, utoipa::ToSchema)]
    pub struct Body {
        pub name: String,
    }

    #[utoipa::path(get, path = "/api/v1/other", responses((status = 200, body = Body)))]
    pub async fn get() -> axum::Json<Body> {
        axum::Json(Body { name: String::new() })
    }
}

#[test]
fn one_schema_under_one_name_is_fine_twice() {
    let routes = || Route::api(Action::ReadPublic, utoipa_axum::routes!(one::get));
    assert!(web::openapi(&[routes(), routes()], "t", "1").to_json().unwrap().contains("amount_fen"));
}

#[test]
#[should_panic(expected = "two different schemas are named Body (at /api/v1/other)")]
fn two_schemas_under_one_name_are_refused() {
    let routes = [
        Route::api(Action::ReadPublic, utoipa_axum::routes!(one::get)),
        Route::api(Action::ReadPublic, utoipa_axum::routes!(other::get)),
    ];
    web::openapi(&routes, "t", "1");
}
