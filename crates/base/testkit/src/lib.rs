//! What tests stand on: a fresh database of either kind, a clock to set, and actors.
//!
//! [`on_both!`] writes a test once and runs it on SQLite and on PostgreSQL. The PostgreSQL server is started by the
//! tests themselves from the installed package; where the package is missing the test says so and is skipped, unless
//! `YUNJIN_REQUIRE_POSTGRES=1`, which `cargo xtask test` sets after installing it.

mod actors;
mod bed;
mod postgres;

pub use actors::{auditor, city_officer, district_officer, enterprise_owner, expert, provider};
pub use bed::{TestBed, day, fresh_postgres, instant};
pub use postgres::postgres_url;
pub use store::Backend;

/// Defines `$name::sqlite` and `$name::postgres`, each running the async function `$body(TestBed)`.
///
/// ```text
/// testkit::on_both!(a_voucher_is_spent_once, |bed| async move { ... });
/// ```
#[macro_export]
macro_rules! on_both {
    ($(#[$meta:meta])* $name:ident, |$bed:ident| $body:expr) => {
        $(#[$meta])*
        mod $name {
            #[allow(unused_imports, reason = "a test may need nothing of its surroundings")]
            use super::*;
            async fn run($bed: $crate::TestBed) { $body.await; }
            #[test]
            fn sqlite() { $crate::TestBed::run_on($crate::Backend::Sqlite, run); }
            #[test]
            fn postgres() { $crate::TestBed::run_on($crate::Backend::Postgres, run); }
        }
    };
}
