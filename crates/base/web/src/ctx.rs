//! What a handler is given, and what a page is drawn with.

use std::sync::Arc;

use askama::Template;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderValue, Uri, header};
use axum::response::{Html as HtmlResponse, IntoResponse, Redirect, Response};
use jiff::civil::Date;
use kernel::{Action, Actor, IdSource, Lang, Subject};
use serde::Serialize;
use serde::de::DeserializeOwned;
use store::{BoxFuture, Cx, Refusal, StoreError};

use crate::form::name_errors;
use crate::nav::{NavItem, public_nav, role_nav};
use crate::{AppError, AppState, Export, FormData, Site, Table};

/// Who is at the other end. The app's session middleware puts it into the request.
#[derive(Clone, Debug)]
pub struct Visitor {
    /// Who acts.
    pub actor: Actor,
    /// What forms must send back.
    pub csrf: String,
    /// Which language they read.
    pub lang: Lang,
    /// 长者版: large text.
    pub elder: bool,
    /// High contrast.
    pub contrast: bool,
    /// Goes into logs, the journal and problem details.
    pub request_id: String,
    /// Signed in with an API token, not with a cookie.
    pub by_token: bool,
    /// What the last request wants to say, once.
    pub flash: Option<String>,
}

impl Default for Visitor {
    fn default() -> Self {
        Visitor {
            actor: Actor::public(),
            csrf: String::new(),
            lang: Lang::Zh,
            elder: false,
            contrast: false,
            request_id: String::new(),
            by_token: false,
            flash: None,
        }
    }
}

/// A handler's context: the app, the visitor, the address.
#[derive(Clone)]
pub struct Ctx {
    /// The app's parts.
    pub app: AppState,
    /// Who acts.
    pub actor: Actor,
    /// Which language they read.
    pub lang: Lang,
    visitor: Visitor,
    /// The address that was asked for.
    pub uri: Uri,
}

impl FromRequestParts<AppState> for Ctx {
    type Rejection = AppError;
    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Ctx, AppError> {
        let visitor = parts.extensions.get::<Visitor>().cloned().unwrap_or_default();
        Ok(Ctx::of(state.clone(), visitor, parts.uri.clone()))
    }
}

impl Ctx {
    /// Put together by hand, as middleware does.
    pub fn of(app: AppState, visitor: Visitor, uri: Uri) -> Ctx {
        Ctx { app, actor: visitor.actor.clone(), lang: visitor.lang, visitor, uri }
    }

    /// One of a pair of texts, by the reader's language.
    pub fn t<'a>(&self, zh: &'a str, en: &'a str) -> &'a str {
        self.lang.t(zh, en)
    }

    /// Today in China.
    pub fn today(&self) -> Date {
        kernel::beijing_date(self.app.db.clock().now())
    }

    /// May this person do this to that? For showing or hiding a button; the use case decides.
    pub fn may(&self, action: Action, subject: &Subject<'_>) -> bool {
        kernel::permits(&self.actor, action, subject)
    }

    /// The visitor as the middleware found them.
    pub fn visitor(&self) -> &Visitor {
        &self.visitor
    }

    /// Runs a use case that only looks.
    pub async fn read<T, E, F>(&self, f: F) -> Result<T, E>
    where
        F: for<'c> FnOnce(&'c mut Cx) -> BoxFuture<'c, Result<T, E>>,
        E: From<StoreError>,
    {
        self.app.db.read(&self.actor, f).await
    }

    /// Runs a use case that changes records, without idempotency: only where a repetition is harmless by itself.
    pub async fn write<T, E, F>(&self, f: F) -> Result<T, E>
    where
        F: for<'c> FnOnce(&'c mut Cx) -> BoxFuture<'c, Result<T, E>> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        self.app.db.write(&self.actor, &self.visitor.request_id, f).await
    }

    /// Runs a use case for a posted form, once for each rendered form (`_key`).
    pub async fn submit<T, E, F>(&self, form: &FormData, f: F) -> Result<T, E>
    where
        F: for<'c> FnOnce(&'c mut Cx) -> BoxFuture<'c, Result<T, E>> + Send + 'static,
        T: Serialize + DeserializeOwned + Send + 'static,
        E: Refusal + From<StoreError>,
    {
        let (key, content) = (form.key(), form.fingerprint());
        self.app.db.write_once(&self.actor, &self.visitor.request_id, &key, &content, f).await
    }

    /// The same for an API call with its `Idempotency-Key`.
    pub async fn submit_keyed<T, E, F>(&self, key: &str, content: &str, f: F) -> Result<T, E>
    where
        F: for<'c> FnOnce(&'c mut Cx) -> BoxFuture<'c, Result<T, E>> + Send + 'static,
        T: Serialize + DeserializeOwned + Send + 'static,
        E: Refusal + From<StoreError>,
    {
        self.app.db.write_once(&self.actor, &self.visitor.request_id, key, content, f).await
    }

    /// What a page is drawn with.
    pub fn page(&self, title: &str) -> Page {
        Page {
            lang: self.lang,
            title: title.to_owned(),
            crumbs: Vec::new(),
            actor: self.actor.clone(),
            csrf: self.visitor.csrf.clone(),
            elder: self.visitor.elder,
            contrast: self.visitor.contrast,
            flash: self.visitor.flash.clone(),
            request_id: self.visitor.request_id.clone(),
            path: self.uri.path().to_owned(),
            query: self.uri.query().unwrap_or("").to_owned(),
            app: self.app.clone(),
        }
    }

    /// The address's query as a form, for a page that answers inputs and changes nothing: it can be gone back to,
    /// reloaded and read in the other language.
    pub fn asked(&self) -> FormData {
        FormData::of_query(self.uri.query().unwrap_or(""))
    }

    /// Draws a template.
    pub fn render<T: Template>(&self, template: &T) -> Result<Response, AppError> {
        match template.render() {
            Ok(html) => Ok(HtmlResponse(name_errors(html, self.lang)).into_response()),
            Err(e) => {
                tracing::error!(error = %e, "a template failed");
                Err(StoreError::Panicked.into())
            }
        }
    }

    /// After a POST: see other.
    pub fn redirect(&self, to: &str) -> Response {
        Redirect::to(to).into_response()
    }

    /// After a POST: see other, with a line said once on the next page.
    pub fn redirect_saying(&self, to: &str, line: &str) -> Response {
        let mut response = Redirect::to(to).into_response();
        let value = serde_urlencoded::to_string([("m", line)]).unwrap_or_default();
        let value = value.strip_prefix("m=").unwrap_or("");
        let cookie = format!("yj_flash={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age=60");
        if let Ok(cookie) = HeaderValue::from_str(&cookie) {
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
        response
    }

    /// A list as a file, in the format asked for.
    pub fn export(&self, table: &Table, file_stem: &str, export: Export) -> Result<Response, AppError> {
        table.download(file_stem, export, self.today())
    }

    /// All tables of a page as one file, named by the day that they are of.
    pub fn export_all(
        &self,
        tables: &[Table],
        file_stem: &str,
        export: Export,
        on: Date,
    ) -> Result<Response, AppError> {
        Table::download_all(tables, file_stem, export, on)
    }

    /// A new random key for a rendered form.
    pub fn form_key(&self) -> String {
        IdSource::from_os().token()
    }
}

/// The frame around a page's content. Templates name it `p`.
#[derive(Clone)]
pub struct Page {
    /// The reader's language.
    pub lang: Lang,
    /// Title of the page, without the site's name.
    pub title: String,
    /// The way back: address and words.
    pub crumbs: Vec<(String, String)>,
    /// Who is signed in.
    pub actor: Actor,
    /// What forms must send back.
    pub csrf: String,
    /// Large text.
    pub elder: bool,
    /// High contrast.
    pub contrast: bool,
    /// Said once.
    pub flash: Option<String>,
    /// For error pages.
    pub request_id: String,
    /// The page's path.
    pub path: String,
    query: String,
    app: AppState,
}

impl Page {
    /// One of a pair of texts.
    pub fn t<'a>(&self, zh: &'a str, en: &'a str) -> &'a str {
        self.lang.t(zh, en)
    }
    /// A text that is data, in the reader's language.
    pub fn text<'a>(&self, text: &'a kernel::Text) -> &'a str {
        text.get(self.lang)
    }
    /// Adds a step to the breadcrumb.
    pub fn crumb(mut self, href: &str, words: &str) -> Page {
        self.crumbs.push((href.to_owned(), words.to_owned()));
        self
    }
    /// The site's words.
    pub fn site(&self) -> &Site {
        &self.app.site
    }
    /// Is someone signed in?
    pub fn signed_in(&self) -> bool {
        self.actor.role != kernel::Role::Public
    }
    /// The flat main navigation.
    pub fn nav(&self) -> Vec<NavItem> {
        public_nav(self.lang, &self.path)
    }
    /// The signed-in person's own navigation.
    pub fn role_nav(&self) -> Vec<NavItem> {
        role_nav(&self.actor, self.lang, &self.path)
    }
    /// The role in words.
    pub fn role_label(&self) -> String {
        let role = self.actor.role.label(self.lang);
        match self.actor.district.as_deref().and_then(kernel::district) {
            Some(d) => format!("{role} · {} · {}", d.name(self.lang), self.actor.name),
            None => format!("{role} · {}", self.actor.name),
        }
    }
    /// This page in the other language.
    pub fn other_lang_href(&self) -> String {
        let other = self.lang.t("en", "zh");
        format!("/preferences?lang={other}&back={}", self.back())
    }
    /// Where preference links come back to, as a query value.
    pub fn back(&self) -> String {
        let here = if self.query.is_empty() { self.path.clone() } else { format!("{}?{}", self.path, self.query) };
        let encoded = serde_urlencoded::to_string([("b", here.as_str())]).unwrap_or_default();
        encoded.strip_prefix("b=").unwrap_or("%2F").to_owned()
    }
    /// The state shared with handlers.
    pub fn app(&self) -> &Arc<crate::App> {
        &self.app
    }
}
