//! The words every crate shares: parties, money, time, places, roles, permissions.
//!
//! Pure: no SQL, no web, no sockets, no ambient clock. What a field term means stands at its type.

mod actor;
mod citizen_id;
mod evidence;
mod ids;
mod industry;
mod lang;
mod money;
mod permission;
mod reading;
mod region;
mod size;
mod taxonomy;
mod time;
mod uscc;

pub use actor::{Actor, Role};
pub use citizen_id::{CitizenIdError, check_citizen_id};
pub use evidence::EvidenceLevel;
pub use ids::{IdSource, new_id};
pub use industry::{INDUSTRIES, Industry, industry};
pub use lang::{Lang, Text};
pub use money::{Fen, MoneyError, Percent, grouped};
pub use permission::{Action, PERMISSIONS, Permission, Reach, Subject, permission, permits};
pub use reading::{Quality, Value};
pub use region::{CITY_CODE, DISTRICTS, District, district};
pub use size::SizeClass;
pub use taxonomy::{FAMILIES, Family, SUB_ITEMS, SubItem, family, sub_item};
pub use time::{Calendar, Clock, ManualClock, ShiftedClock, SystemClock, beijing_date, beijing_midnight};
pub use uscc::{Uscc, UsccError};
