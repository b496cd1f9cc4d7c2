//! Statistics: how many enterprises are on the cloud, where, doing what, as at a day (数量, 分布, 应用情况).
//!
//! Everything is computed from other slices' public views at the day asked for; nothing is counted up along the way, so
//! that any figure can be rebuilt from the records. The public sees small cells suppressed ([`suppress`]).
//!
//! Invariants: **SB-1** an enterprise counts as on the cloud from the level that the
//! programme of one of its orders asks for, L2 where an order has none; **SB-2** the breakdowns by level, district,
//! industry and size each sum to the total; **SB-3** no suppressed cell follows from the others and a shown total.
//!
//! Tables: none. One statistic, one file in `src/sql/`. Entry points: [`board::run`], [`routes`].

pub mod api;
pub mod board;
mod draw;
mod pages;
mod store;
pub mod suppress;

pub use board::{Board, BoardCache, CellRow, Filter, SubItemRow, TargetRow};

use kernel::Action;
use utoipa_axum::routes;
use web::Route;

/// The slice's routes.
pub fn routes() -> Vec<Route> {
    vec![
        Route::get("/board", Action::ViewPublicBoard, pages::public::get),
        Route::get("/board/officers", Action::ViewBoard, pages::officers::get),
        Route::api(Action::ViewPublicBoard, routes!(api::public_board)),
        Route::api(Action::ViewBoard, routes!(api::officers_board)),
    ]
}
