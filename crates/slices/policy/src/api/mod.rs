//! The API of this slice, under `/api/v1`.

pub mod decisions;
pub mod estimates;
pub mod programmes;

use kernel::Text;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A text in both languages.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Words {
    /// 中文
    pub zh: String,
    /// English
    pub en: String,
}

impl From<&Text> for Words {
    fn from(t: &Text) -> Words {
        Words { zh: t.zh.clone(), en: t.en.clone() }
    }
}
