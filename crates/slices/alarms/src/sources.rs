//! What the evaluation asks of its surroundings, as functions: the application joins them to the lake and the devices.

use std::sync::Arc;

use isa18::{KnownProperty, Past};
use kernel::{Quality, Value};

/// The last reading of a property.
#[derive(Clone, Debug, PartialEq)]
pub struct Last {
    /// When it was taken.
    pub at_us: i64,
    /// What.
    pub value: Value,
    /// How good.
    pub quality: Quality,
}

/// Device and property of a series' number.
pub type NameOf = Arc<dyn Fn(u32) -> Option<(String, String)> + Send + Sync>;
/// The last value of a device's property.
pub type LastOf = Arc<dyn Fn(&str, &str) -> Option<Last> + Send + Sync>;
/// Readings of a device's property in `[from_us, to_us)`; an error is words for the log.
pub type HistoryOf = Arc<dyn Fn(&str, &str, i64, i64) -> Result<Vec<Past>, String> + Send + Sync>;
/// A product's properties; none where there is no model.
pub type PropertiesOf = Arc<dyn Fn(&str) -> Option<Vec<KnownProperty>> + Send + Sync>;

/// Where readings and models come from.
#[derive(Clone)]
pub struct Sources {
    /// Device and property of a series' number.
    pub name: NameOf,
    /// Last values.
    pub last: LastOf,
    /// Readings of the past.
    pub history: HistoryOf,
    /// Properties of a product.
    pub properties: PropertiesOf,
}

impl Sources {
    /// Nothing known: for tests, and while there is no lake.
    pub fn none() -> Sources {
        Sources {
            name: Arc::new(|_| None),
            last: Arc::new(|_, _| None),
            history: Arc::new(|_, _, _, _| Ok(Vec::new())),
            properties: Arc::new(|_| None),
        }
    }
}
