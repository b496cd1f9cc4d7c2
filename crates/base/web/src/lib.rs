//! Pages, forms, tables, routes and API conventions that every slice shares.
//!
//! ## A page
//! One file in `pages/`, one template. A handler takes [`Ctx`], runs a use case, renders a template that extends
//! `layout.html` and has a field `p: Page`:
//! ```text
//! #[derive(Template)]
//! #[template(path = "orders/show.html")]           // slice/templates/orders/show.html
//! struct Show { p: Page, order: Order, table: Table }
//!
//! pub async fn get(ctx: Ctx, Path(id): Path<String>) -> Result<Response, AppError> {
//!     let order = ctx.read(|cx| Box::pin(async move { show::run(cx, &id).await })).await?;
//!     ctx.render(&Show { p: ctx.page(ctx.t("订单", "Order")).crumb("/orders", ctx.t("订单", "Orders")), order, table })
//! }
//! ```
//! ```text
//! {% extends "layout.html" %}
//! {% block content %}<h1 class="page-title">{{ p.t("订单", "Order") }}</h1>{{ table }}{% endblock %}
//! ```
//! The slice's `askama.toml` lists `dirs = ["templates", "../../base/web/templates"]`.
//!
//! ## A form
//! GET builds a [`Form`] and the template calls `{{ f.open("/orders/new") }}`, `{{ f.input("amount").label(p.t(…)).unit(p.t("元","yuan")) }}`,
//! `{{ f.submit(p.t("保存","Save")) }}`, `{{ f.close() }}`. POST takes [`FormData`] (CSRF already checked), reads fields, and
//! on a refusal shows the same page again with the typed values and the error summary:
//! ```text
//! pub async fn post(ctx: Ctx, data: FormData) -> Result<Response, AppError> {
//!     let mut check = data.check(ctx.lang);                    // collects every wrong field, not only the first
//!     let amount = check.yuan("amount");
//!     let errors = check.errors();
//!     if !errors.is_empty() { return page(&ctx, Form::again(&ctx, &data, errors)); }
//!     match ctx.submit(&data, move |cx| Box::pin(async move { place::run(cx, cmd).await })).await {
//!         Ok(done) => Ok(ctx.redirect(&format!("/orders/{}", done.id))),
//!         Err(e) => again_or_fail(e, |e| page(&ctx, Form::again(&ctx, &data, e))),
//!     }
//! }
//! ```
//! [`Ctx::submit`] runs the use case once per rendered form: a second click or a retry gets the first answer.
//!
//! ## A list
//! Build a [`Table`]; it renders as HTML and exports as XLSX and CSV from the same cells: `ctx.list(table, query.format)`.
//!
//! ## The API
//! `#[utoipa::path(…)]` handlers with [`ApiPost`] for bodies (idempotency key, CSRF or bearer checked) and [`CursorPage`] for
//! lists; registered with [`Route::api`]. Refusals become RFC 9457 problem details by themselves.
//!
//! ## Routes
//! `pub fn routes() -> Vec<Route>` in each slice: `Route::get("/orders", Action::ViewOrder, list::get)`. A route names its
//! action; the gate asks the permission table before the handler runs, the use case asks again with its subject.

mod api;
mod assets;
mod check;
mod component;
mod cookies;
mod ctx;
mod error;
mod form;
mod form_data;
mod html;
mod nav;
mod route;
mod shared;
mod sheet;
mod state;
mod table;

pub use api::{ApiPost, CursorPage, NoFields, Problem, TextBody, write_key};
pub use assets::serve_asset;
pub use check::Check;
pub use component::{
    Step, TimelineEntry, evidence_ladder, notice, progress_steps, qr, shares_bar, stat, summary_list, tag, timeline,
};
pub use cookies::{
    CSRF_COOKIE, FLASH_COOKIE, SESSION_COOKIE, cookie, decode_query_value, preference_cookie, set_cookie,
};
pub use ctx::{Ctx, Page, Visitor};
pub use error::{AppError, FieldError, again_or_fail, render_errors};
pub use form::{Field, Form};
pub use form_data::{FormData, Upload, too_large};
pub use html::{Html, esc};
pub use nav::{NavItem, public_nav, role_nav};
pub use route::{Route, RouteInfo, openapi, router, test_router};
pub use sheet::{Sheet, SheetError, lost_digits, read_sheet};
pub use state::{App, AppState, Site};
pub use table::{Cell, Col, Export, Table};
