//! Who is at the other end: the session or API token of a request, its language and preferences, its number.

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use kernel::{Actor, IdSource, Lang, new_id};
use orgs::accounts::{SignedIn, authenticate, authenticate_bearer, touch};
use store::StoreError;
use web::{AppState, CSRF_COOKIE, FLASH_COOKIE, SESSION_COOKIE, Visitor, cookie, set_cookie};

/// Where someone may go who must change their password first.
const MAY_BEFORE_CHANGE: [&str; 5] = ["/account", "/sign-", "/preferences", "/help", "/healthz"];

/// Middleware: puts a [`Visitor`] into the request and sets the cookies that belong to it.
pub async fn identify(State(app): State<AppState>, mut request: Request, next: Next) -> Response {
    let headers = request.headers();
    let now = app.db.clock().now();
    let mut random = IdSource::from_os();
    let request_id = new_id("req", now, &mut random);
    let bearer = bearer(headers).map(str::to_owned);
    let token = cookie(headers, SESSION_COOKIE).map(str::to_owned);
    let signed_in = match sign_in_of(&app, bearer.as_deref(), token.as_deref()).await {
        Ok(s) => s,
        Err(e) => {
            tracing::error!(error = %e, "a session could not be looked up");
            None
        }
    };
    let known_csrf = cookie(headers, CSRF_COOKIE).filter(|c| c.len() == 64).map(str::to_owned);
    let flash = cookie(headers, FLASH_COOKIE).map(str::to_owned);
    let mut visitor = Visitor {
        actor: signed_in.as_ref().map_or_else(Actor::public, |s| s.actor.clone()),
        csrf: String::new(),
        lang: language(headers, signed_in.as_ref()),
        elder: cookie(headers, "yj_elder") == Some("1"),
        contrast: cookie(headers, "yj_contrast") == Some("high"),
        request_id: request_id.clone(),
        by_token: bearer.is_some(),
        flash: flash.as_deref().and_then(decode),
    };
    let mut new_csrf = None;
    visitor.csrf = match (&signed_in, known_csrf) {
        (Some(s), _) => s.csrf.clone(),
        (None, Some(known)) => known,
        (None, None) => new_csrf.insert(random.token()).clone(),
    };
    let must_change = signed_in.as_ref().is_some_and(|s| s.must_change_password);
    if let Some(touched) = signed_in.and_then(|s| s.touch) {
        let (db, actor) = (app.db.clone(), visitor.actor.clone());
        tokio::spawn(async move {
            let done = db.write::<_, StoreError, _>(&actor, "touch", |cx| Box::pin(touch::run(cx, touched))).await;
            if let Err(e) = done {
                tracing::warn!(error = %e, "a session's last use was not noted");
            }
        });
    }
    request.extensions_mut().insert(visitor);
    // A password that someone else chose is good for choosing another one, and for nothing else.
    let confined = must_change && !MAY_BEFORE_CHANGE.iter().any(|p| request.uri().path().starts_with(p));
    let mut response = if confined { Redirect::to("/account").into_response() } else { next.run(request).await };
    let secure = app.site.secure_cookies;
    let headers = response.headers_mut();
    if let Some(csrf) = new_csrf {
        headers.append(header::SET_COOKIE, set_cookie(CSRF_COOKIE, &csrf, 86_400, secure));
    }
    let setting_flash =
        headers.get_all(header::SET_COOKIE).iter().any(|v| v.as_bytes().starts_with(FLASH_COOKIE.as_bytes()));
    if flash.is_some() && !setting_flash {
        headers.append(header::SET_COOKIE, set_cookie(FLASH_COOKIE, "", 0, secure));
    }
    if let Ok(value) = HeaderValue::from_str(&request_id) {
        headers.insert("x-request-id", value);
    }
    response
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ")
}

async fn sign_in_of(
    app: &AppState,
    bearer: Option<&str>,
    session: Option<&str>,
) -> Result<Option<SignedIn>, StoreError> {
    let nobody = Actor::public();
    match (bearer, session) {
        (Some(token), _) => {
            let token = token.to_owned();
            app.db.read(&nobody, |cx| Box::pin(async move { authenticate_bearer(cx, &token).await })).await
        }
        (None, Some(token)) => {
            let token = token.to_owned();
            app.db.read(&nobody, |cx| Box::pin(async move { authenticate(cx, &token).await })).await
        }
        (None, None) => Ok(None),
    }
}

/// What the visitor chose; else what the account says; else what the browser asks for; else Chinese.
fn language(headers: &HeaderMap, signed_in: Option<&SignedIn>) -> Lang {
    let chosen = cookie(headers, "yj_lang").and_then(Lang::from_tag);
    let asked = || headers.get(header::ACCEPT_LANGUAGE).and_then(|v| v.to_str().ok()).and_then(Lang::from_tag);
    chosen.or_else(|| signed_in.and_then(|s| s.lang)).or_else(asked).unwrap_or_default()
}

fn decode(value: &str) -> Option<String> {
    web::decode_query_value(value)
}
