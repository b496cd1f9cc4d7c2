//! What every handler can reach.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use kernel::{Calendar, Text};
use store::{Blobs, Db};

use crate::shared::SharedPages;

/// The site's own words: who runs it, how to reach them. Configuration; nothing here is ever made up.
#[derive(Clone, Debug, Default, serde::Serialize, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Site {
    /// Name of the service.
    pub name: Text,
    /// 主办单位
    pub sponsor: Option<Text>,
    /// 联系方式
    pub contact: Option<String>,
    /// ICP 备案号
    pub icp: Option<String>,
    /// 公安备案号
    pub police_record: Option<String>,
    /// 网站标识码
    pub site_code: Option<String>,
    /// Shown on every page of a demonstration.
    pub demonstration: bool,
    /// Session cookies only over HTTPS.
    pub secure_cookies: bool,
}

/// The application's parts. Slices keep what they need between requests (a search index, a cached board) in the
/// type-keyed map, put there once at start.
pub struct App {
    /// Records.
    pub db: Db,
    /// Documents.
    pub blobs: Blobs,
    /// Where uploads wait until they are taken or refused.
    pub uploads: PathBuf,
    /// Largest upload taken, in bytes.
    pub upload_bytes_max: u64,
    /// The site's words.
    pub site: Site,
    /// Working days.
    pub calendar: Calendar,
    pub(crate) shared: SharedPages,
    parts: HashMap<TypeId, Arc<dyn Any + Send + Sync>>,
}

/// Shared by all requests.
pub type AppState = Arc<App>;

impl App {
    /// The parts that every site has.
    pub fn new(db: Db, blobs: Blobs, uploads: PathBuf, site: Site, calendar: Calendar) -> App {
        let (shared, parts) = (SharedPages::default(), HashMap::new());
        App { db, blobs, uploads, upload_bytes_max: 1 << 30, site, calendar, shared, parts }
    }

    /// Adds a slice's part.
    pub fn with<T: Any + Send + Sync>(mut self, part: Arc<T>) -> App {
        self.parts.insert(TypeId::of::<T>(), part);
        self
    }

    /// A slice's part.
    ///
    /// Panics when it was not put there at start, which the first request of any test shows.
    pub fn part<T: Any + Send + Sync>(&self) -> Arc<T> {
        let part =
            self.parts.get(&TypeId::of::<T>()).expect("every part is put in place when the app is built").clone();
        part.downcast::<T>().expect("keyed by its own type")
    }
}
