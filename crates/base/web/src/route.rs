//! Routes that name their action, and the gate before each.

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::handler::Handler;
use axum::http::Method;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get, post};
use kernel::{Action, Actor, Role, Subject, permits};
use utoipa::openapi::path::{PathItem, Paths};
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme,
};
use utoipa::openapi::{RefOr, Schema};
use utoipa_axum::router::UtoipaMethodRouter;

use crate::{AppError, AppState, Visitor, render_errors};

/// What a test or a document needs to know of a route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RouteInfo {
    /// GET or POST …
    pub method: Method,
    /// With `{parameters}`.
    pub path: String,
    /// What it does.
    pub action: Action,
}

/// An endpoint's description: its paths and the schemas they name.
type Described = (Paths, Vec<(String, RefOr<Schema>)>);

/// A route: where, what it does, by whom it may be done (through its action), and how.
pub struct Route {
    /// Where and what.
    pub info: RouteInfo,
    handler: MethodRouter<AppState>,
    api: Option<Described>,
}

impl Route {
    /// A page.
    pub fn get<H, T>(path: &str, action: Action, handler: H) -> Route
    where
        H: Handler<T, AppState>,
        T: 'static,
    {
        Route {
            info: RouteInfo { method: Method::GET, path: path.to_owned(), action },
            handler: get(handler),
            api: None,
        }
    }

    /// A form's target.
    pub fn post<H, T>(path: &str, action: Action, handler: H) -> Route
    where
        H: Handler<T, AppState>,
        T: 'static,
    {
        Route {
            info: RouteInfo { method: Method::POST, path: path.to_owned(), action },
            handler: post(handler),
            api: None,
        }
    }

    /// An endpoint with its OpenAPI description: `Route::api(Action::ViewOrder, utoipa_axum::routes!(show::get))`.
    ///
    /// Panics unless the description has exactly one path and one method.
    pub fn api(action: Action, routes: UtoipaMethodRouter<AppState>) -> Route {
        let (schemas, paths, handler) = routes;
        let (path, item) = paths.paths.iter().next().expect("an endpoint has a path");
        let info = RouteInfo { method: method_of(item), path: path.clone(), action };
        Route { info, handler, api: Some((paths, schemas)) }
    }
}

fn method_of(item: &PathItem) -> Method {
    if item.get.is_some() {
        Method::GET
    } else if item.post.is_some() {
        Method::POST
    } else if item.put.is_some() {
        Method::PUT
    } else if item.delete.is_some() {
        Method::DELETE
    } else {
        panic!("an endpoint is GET, POST, PUT or DELETE")
    }
}

async fn gate(action: Action, request: Request, next: Next) -> Response {
    let visitor = request.extensions().get::<Visitor>().cloned().unwrap_or_default();
    if permits(&visitor.actor, action, &Subject::none()) {
        return next.run(request).await;
    }
    if visitor.actor.role == Role::Public {
        return AppError::sign_in_first().into_response();
    }
    AppError::forbidden().into_response()
}

/// All routes behind their gates. Two routes with the same path and other methods are merged.
pub fn router(routes: Vec<Route>) -> Router<AppState> {
    let mut router = Router::new();
    for route in routes {
        let action = route.info.action;
        let gated =
            route.handler.layer(middleware::from_fn(move |request: Request, next: Next| gate(action, request, next)));
        router = router.route(&route.info.path, gated);
    }
    // Uploads are limited where they are read, with words that help.
    router.layer(DefaultBodyLimit::disable())
}

/// The OpenAPI description of all endpoints, in order of their paths.
///
/// Panics when two different schemas have one name: a client would be told the wrong one of them.
pub fn openapi(routes: &[Route], title: &str, version: &str) -> utoipa::openapi::OpenApi {
    let mut api = utoipa::openapi::OpenApiBuilder::new()
        .info(utoipa::openapi::InfoBuilder::new().title(title).version(version).build())
        .build();
    let mut components = utoipa::openapi::ComponentsBuilder::new().build();
    for route in routes {
        let Some((paths, schemas)) = &route.api else { continue };
        for (path, item) in &paths.paths {
            match api.paths.paths.get_mut(path) {
                Some(existing) => existing.merge_operations(item.clone()),
                None => {
                    api.paths.paths.insert(path.clone(), item.clone());
                }
            }
        }
        for (name, schema) in schemas {
            if let Some(known) = components.schemas.insert(name.clone(), schema.clone()) {
                assert!(same(&known, schema), "two different schemas are named {name} (at {})", route.info.path);
            }
        }
    }
    components.security_schemes.extend(signing_in().map(|(name, scheme)| (name, RefOr::T(scheme))));
    api.components = Some(components);
    // Either of them; public endpoints take them too and need none.
    let either = signing_in().into_iter().map(|(name, _)| SecurityRequirement::new(name, Vec::<String>::new()));
    api.security = Some(either.chain([SecurityRequirement::default()]).collect());
    api
}

fn same(a: &RefOr<Schema>, b: &RefOr<Schema>) -> bool {
    serde_json::to_value(a).ok() == serde_json::to_value(b).ok()
}

/// How a caller says who it is.
fn signing_in() -> [(String, SecurityScheme); 2] {
    let token =
        HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some("A token made at /account/tokens")).build();
    let cookie = ApiKeyValue::with_description(
        crate::SESSION_COOKIE,
        "The session of a browser; what writes also needs X-CSRF-Token",
    );
    [
        ("bearer".to_owned(), SecurityScheme::Http(token)),
        ("cookie".to_owned(), SecurityScheme::ApiKey(ApiKey::Cookie(cookie))),
    ]
}

/// A router for a slice's own page tests: every request comes from `actor`, whose forms carry `_csrf=test`.
pub fn test_router(routes: Vec<Route>, app: AppState, actor: Actor) -> Router {
    let visitor = Arc::new(Visitor { actor, csrf: "test".into(), request_id: "test".into(), ..Visitor::default() });
    let inject = move |mut request: Request, next: Next| {
        let mut visitor = Visitor::clone(&visitor);
        if request.headers().get("accept-language").is_some_and(|v| v.as_bytes().starts_with(b"en")) {
            visitor.lang = kernel::Lang::En;
        }
        visitor.by_token = true;
        request.extensions_mut().insert(visitor);
        next.run(request)
    };
    router(routes)
        .layer(middleware::from_fn_with_state(app.clone(), render_errors))
        .layer(middleware::from_fn(inject))
        .with_state(app)
}
