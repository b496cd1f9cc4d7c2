//! Pure decisions of casework: states, the table of moves, clocks, the form, the checklist, approvals, progress.

mod approvals;
mod checklist;
mod clocks;
mod form;
mod material;
mod progress;
mod state;
mod transitions;

pub use approvals::{Approval, ApprovalRefused, Approved, Step, approve};
pub use checklist::{Answer, CHECKLIST, CheckItem, check_item};
pub use clocks::{Clocks, Due, calendar};
pub use form::{Form, Gap, UNDERTAKINGS, Undertaking};
pub(crate) use form::{is_phone, joined};
pub use material::{ANSWER_CHARS_MAX, DefectAnswer, Document, MATERIALS_MAX, Material, MaterialKind};
pub use progress::{Event, Stage, StageStatus, progress};
pub use state::{Cause, Holder, State};
pub use transitions::{Clock, EDGES, Edge, moves_from, transition, transitions_markdown};
