//! What is done on a device's page: switch it, make and revoke credentials, give commands, set desired values.

use axum::extract::Path;
use axum::http::HeaderMap;
use axum::response::Response;
use kernel::IdSource;
use serde_json::Value as Json;
use things::{Directory, Kind};
use web::{AppError, Ctx, FieldError, Form, FormData, again_or_fail};

use super::show::{self, Again, Params};
use super::{submit, write};
use crate::issue_credential::{self, IssueCredential, OVERLAP_S_MAX, Proof};
use crate::model::{CredentialKind, DeviceState};
use crate::send_command::{self, SendCommand};
use crate::{revoke_credential, set_desired, set_device_state};

fn back(id: &str) -> String {
    format!("/devices/{id}")
}

/// The page again where the person can mend it there.
async fn again(
    ctx: &Ctx,
    id: &str,
    headers: &HeaderMap,
    data: &FormData,
    e: impl Into<AppError>,
) -> Result<Response, AppError> {
    let error: AppError = e.into();
    let shown = show::refused(ctx, id, headers, data, error.as_field_errors(ctx.lang)).await;
    again_or_fail(error, ctx.lang, |_| shown)
}

/// POST /devices/{id}/state
pub async fn state(ctx: Ctx, Path(id): Path<String>, headers: HeaderMap, data: FormData) -> Result<Response, AppError> {
    let to = DeviceState::from_code(data.get("state")).ok_or_else(AppError::not_found)?;
    let device = id.clone();
    match submit(&ctx, &data, move |cx| Box::pin(set_device_state::run(cx, device, to))).await {
        Ok(_) => Ok(ctx.redirect_saying(&back(&id), to.label(ctx.lang))),
        Err(e) => again(&ctx, &id, &headers, &data, e).await,
    }
}

/// What was typed, as what the device will show. Hashing is slow: it runs beside the tasks that serve others.
async fn proof(ctx: &Ctx, data: &FormData) -> Result<Proof, AppError> {
    match CredentialKind::from_code(data.get("kind")) {
        Some(CredentialKind::Token) => Ok(Proof::Token),
        Some(CredentialKind::Certificate) => Ok(Proof::Certificate { fingerprint: data.get("fingerprint").to_owned() }),
        Some(CredentialKind::Password) => {
            let (user, password) = (data.get("user_name").to_owned(), data.get("password").to_owned());
            let hashed =
                tokio::task::spawn_blocking(move || issue_credential::hash(&password, &mut IdSource::from_os()));
            let hash = hashed.await.map_err(|_| store::StoreError::Panicked)??;
            Ok(Proof::Password { user, hash })
        }
        None => {
            let message = ctx.t("请选择凭证种类", "Choose a kind of credential").to_owned();
            Err(AppError::invalid(vec![FieldError { field: "kind".to_owned(), message }]))
        }
    }
}

/// A form that came back, without the password in it.
fn without_password(data: &FormData) -> FormData {
    let kept = data.values().iter().filter(|(name, _)| *name != "password");
    FormData::of(kept.map(|(n, v)| (n.clone(), v.clone())).collect())
}

/// POST /devices/{id}/credentials
pub async fn issue(ctx: Ctx, Path(id): Path<String>, headers: HeaderMap, data: FormData) -> Result<Response, AppError> {
    let mut check = data.check(ctx.lang);
    let others_end_after_s = match data.get("others_end_after_s") {
        "" => None,
        _ => u32::try_from(check.int("others_end_after_s", 0, i64::from(OVERLAP_S_MAX))).ok(),
    };
    let (errors, shown) = (check.errors(), without_password(&data));
    if !errors.is_empty() {
        return show::refused(&ctx, &id, &headers, &shown, errors).await;
    }
    let proof = match proof(&ctx, &data).await {
        Ok(proof) => proof,
        Err(e) if e.fields.is_empty() => return again(&ctx, &id, &headers, &shown, e).await,
        Err(e) => return show::refused(&ctx, &id, &headers, &shown, e.fields).await,
    };
    let cmd = IssueCredential { device_id: id.clone(), proof, others_end_after_s };
    // Not through the idempotent path: that would keep the answer, which is a secret.
    match write(&ctx, move |cx| Box::pin(issue_credential::run(cx, cmd))).await {
        Ok(issued) => match issued.token {
            Some(token) => {
                let made = Again { f: Form::new(&ctx), made: Some(token) };
                Ok(not_kept(show::page(&ctx, &id, &Params::default(), &headers, made).await?))
            }
            None => Ok(ctx.redirect_saying(&back(&id), ctx.t("凭证已生效", "The credential holds"))),
        },
        Err(e) => again(&ctx, &id, &headers, &shown, e).await,
    }
}

/// A page with a secret is kept by no cache.
pub(super) fn not_kept(mut response: Response) -> Response {
    let value = axum::http::HeaderValue::from_static("no-store");
    response.headers_mut().insert(axum::http::header::CACHE_CONTROL, value);
    response
}

/// POST /devices/{id}/credentials/{credential}/revoke
pub async fn revoke(
    ctx: Ctx,
    Path((id, credential)): Path<(String, String)>,
    data: FormData,
) -> Result<Response, AppError> {
    let device = id.clone();
    submit(&ctx, &data, move |cx| Box::pin(revoke_credential::run(cx, device, credential))).await?;
    Ok(ctx.redirect_saying(&back(&id), ctx.t("已吊销，立即失效", "Revoked; it holds no more")))
}

/// POST /devices/{id}/commands
pub async fn command(
    ctx: Ctx,
    Path(id): Path<String>,
    headers: HeaderMap,
    data: FormData,
) -> Result<Response, AppError> {
    let cmd = SendCommand {
        device_id: id.clone(),
        method: data.get("method").to_owned(),
        params: data.get("params").to_owned(),
        timeout_s: None,
    };
    match ctx.submit(&data, move |cx| Box::pin(send_command::run(cx, cmd))).await {
        Ok(_) => Ok(ctx.redirect_saying(&back(&id), ctx.t("命令已下达", "The command is on its way"))),
        Err(e) => again(&ctx, &id, &headers, &data, e).await,
    }
}

/// POST /devices/{id}/commands/{number}/cancel
pub async fn cancel(
    ctx: Ctx,
    Path((id, number)): Path<(String, i64)>,
    headers: HeaderMap,
    data: FormData,
) -> Result<Response, AppError> {
    let device = id.clone();
    match ctx.submit(&data, move |cx| Box::pin(send_command::cancel(cx, device, number))).await {
        Ok(_) => Ok(ctx.redirect_saying(&back(&id), ctx.t("命令已取消", "The command is taken back"))),
        Err(e) => again(&ctx, &id, &headers, &data, e).await,
    }
}

/// What was typed as the JSON of the property's kind; empty takes the value back.
fn typed(ctx: &Ctx, id: &str, property: &str, text: &str) -> Json {
    if text.is_empty() {
        return Json::Null;
    }
    let entry = ctx.app.part::<Directory>().by_id(id);
    let kind = entry.and_then(|e| e.facts().model.property(property).map(|p| p.kind.clone()));
    let as_text = || Json::String(text.to_owned());
    match kind {
        Some(Kind::Number { .. } | Kind::Flag) => serde_json::from_str(text).unwrap_or_else(|_| as_text()),
        _ => as_text(),
    }
}

/// POST /devices/{id}/desired
pub async fn desired(
    ctx: Ctx,
    Path(id): Path<String>,
    headers: HeaderMap,
    data: FormData,
) -> Result<Response, AppError> {
    let property = data.get("property").to_owned();
    let value = typed(&ctx, &id, &property, data.get("value"));
    let device = id.clone();
    match ctx.submit(&data, move |cx| Box::pin(set_desired::run(cx, device, property, value))).await {
        Ok(_) => Ok(ctx.redirect_saying(&back(&id), ctx.t("已设定", "Set"))),
        Err(e) => again(&ctx, &id, &headers, &data, e).await,
    }
}
