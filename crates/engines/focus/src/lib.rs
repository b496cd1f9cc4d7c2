//! Cloud bills in FOCUS become checked rows and monthly statements of use.
//!
//! [FOCUS](https://focus.finops.org) is an open specification of cost and usage data. A bill is read with the
//! [`Profile`] of the source that was declared for it, since real exports differ from the specification in known ways;
//! it is checked by a [`RuleModel`], which is data; and its accepted rows are summed up into [`Statement`]s. A fault is
//! rejected, warned of, or allowed because the profile states it; it is never silent, and a rule that data alone cannot
//! decide is reported as not evaluated.
//!
//! Pure: no database, no web, no clock. The same file gives the same result however the work was split, stopped or
//! resumed.

mod batch;
mod checks;
mod column_file;
mod columnar;
mod csv;
mod decimal;
mod decode;
mod eval;
mod finish;
pub mod generate;
mod hash;
mod header;
mod import;
mod level;
mod model;
mod plan;
mod profile;
mod refusal;
mod report;
mod roles;
mod sniff;
mod state;
mod statement;
mod text_file;
mod when;
mod worker;

pub use checks::{Check, CheckError, Pair, Test};
pub use decimal::{AMOUNT_DECIMALS, Amount};
pub use import::{Checkpoint, Ended, Import, Importer, OnProgress, Options, Progress};
pub use level::{Facts, Metered, Thresholds, level_of, metered};
pub use model::{Criteria, Details, Keyword, ModelError, ModelRule, RuleModel};
pub use profile::{Allowance, EvidenceCap, Fallback, PaidColumn, PeriodEnd, Profile, ProfileError};
pub use refusal::{Cut, MissingColumn, Refusal};
pub use report::{Breach, Finding, Outcome, Report, RowCounts, Severity};
pub use sniff::Format;
pub use statement::{Statement, StatementKey};
pub use when::{Month, TimeForm};
