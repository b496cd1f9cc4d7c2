//! `GET /api/v1/me`

use axum::Json;
use serde::Serialize;
use utoipa::ToSchema;
use web::{AppError, Ctx, Problem};

use crate::accounts::own_account;

/// Who is calling.
#[derive(Serialize, ToSchema)]
pub struct Me {
    /// `acc_…`
    id: String,
    /// Login name.
    login: String,
    /// The person's name.
    person_name: String,
    /// Role, such as `enterprise-owner`.
    role: String,
    /// The organisation they act for.
    org_id: Option<String>,
    /// The district of a district officer (GB/T 2260).
    district: Option<String>,
    /// `zh` or `en`: the account's choice, else the language that the call asks for.
    lang: String,
    /// Two-step sign-in is on.
    has_totp: bool,
}

/// Who is calling.
#[utoipa::path(get, path = "/api/v1/me", tag = "accounts", responses((status = 200, body = Me), (status = 401, body = Problem)))]
pub async fn show(ctx: Ctx) -> Result<Json<Me>, AppError> {
    let a = ctx.read(|cx| Box::pin(own_account::run(cx))).await?;
    Ok(Json(Me {
        id: a.id,
        login: a.login,
        person_name: a.person_name,
        role: a.role.code().to_owned(),
        org_id: a.org_id,
        district: a.district,
        lang: a.lang.unwrap_or(ctx.lang).code().to_owned(),
        has_totp: a.has_totp,
    }))
}
