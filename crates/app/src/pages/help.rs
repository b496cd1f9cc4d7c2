//! GET /help: how to get through, and what is done for everyone to be able to.

use askama::Template;
use axum::response::Response;
use web::{AppError, Ctx, Page};

#[derive(Template)]
#[template(path = "help.html")]
struct Help {
    p: Page,
}

/// GET /help
pub async fn get(ctx: Ctx) -> Result<Response, AppError> {
    ctx.render(&Help { p: ctx.page(ctx.t("帮助与无障碍", "Help and accessibility")) })
}

fn levels() -> [kernel::EvidenceLevel; 6] {
    kernel::EvidenceLevel::ALL
}
