//! Public search: Chinese and English full text over every service on offer, filters, facet counts, sorting, and a
//! suggestion when nothing is found.
//!
//! The text index stands in memory beside the services themselves. A few thousand services are walked faster than a
//! second index could be asked, so filters, facets and sorting are plain loops over what the words left.

mod facets;
mod nearest;
mod snapshot;
mod text;

use std::sync::{Arc, RwLock};

use kernel::{Action, Fen, Subject};
use serde::{Deserialize, Serialize};
use store::Cx;

use crate::model::{Deployment, Service};
use crate::store as rows;

pub use facets::{Count, Facets};
pub use snapshot::Snapshot;

store::refusals! {
    /// Why a search has no answer.
    pub enum SearchError {
        /// The index could not be built or read.
        IndexBroken { why: String } = 500, "search-broken", zh "检索暂不可用，请稍后重试。",
            en "Search is not available just now ({why}); please try again.";
    }
}

impl From<tantivy::TantivyError> for SearchError {
    fn from(e: tantivy::TantivyError) -> Self {
        SearchError::IndexBroken { why: e.to_string() }
    }
}

/// In which order hits come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sort {
    /// The best match first; without words, the newest first.
    #[default]
    Relevance,
    /// The lowest price after discount first.
    PriceUp,
    /// The highest price after discount first.
    PriceDown,
    /// The deepest discount first.
    Discount,
    /// What changed last first.
    Newest,
}

/// What is looked for. Everything empty finds everything.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Query {
    /// Words, in either language.
    pub words: String,
    /// A family's code.
    pub family: Option<String>,
    /// A sub-item's code.
    pub sub_item: Option<String>,
    /// Where it runs.
    pub deployment: Option<Deployment>,
    /// One provider only.
    pub provider_id: Option<String>,
    /// At least this price a unit and month after discount.
    pub price_min_fen: Option<Fen>,
    /// At most this price a unit and month after discount.
    pub price_max_fen: Option<Fen>,
    /// In which order.
    pub sort: Sort,
    /// How many hits are skipped.
    pub offset: usize,
    /// How many are returned.
    pub limit: usize,
}

impl Query {
    /// The same words with no filter.
    pub fn without_filters(&self) -> Query {
        Query { words: self.words.clone(), sort: self.sort, limit: self.limit, ..Query::default() }
    }

    /// Is anything filtered?
    pub fn is_filtered(&self) -> bool {
        let plain = Query { offset: self.offset, ..self.without_filters() };
        *self != plain
    }
}

/// One service that was found.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
#[schema(as = ServiceHit)]
pub struct Hit {
    /// The service.
    pub service: Service,
    /// Who offers it.
    pub provider_name: String,
    /// Price of a unit and month after the discount.
    #[schema(value_type = i64)]
    pub price_fen: Fen,
}

/// What to try when nothing was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = SearchSuggestion)]
pub struct Suggestion {
    /// So many services have these words when the filters are dropped.
    pub without_filters: usize,
    /// Words of the catalogue that look like what was asked.
    pub words: Vec<String>,
}

/// The answer to a query.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
#[schema(as = ServiceHits)]
pub struct Hits {
    /// How many there are in all.
    pub total: usize,
    /// Those asked for.
    pub items: Vec<Hit>,
    /// How many there would be for each choice of each filter.
    pub facets: Facets,
    /// No service has all the words; these have some of them.
    pub some_words_only: bool,
    /// What to try, when nothing was found.
    pub suggestion: Option<Suggestion>,
}

/// The index that the application holds. Cheap to clone; all clones are one.
#[derive(Clone, Default)]
pub struct SearchIndex(Arc<Inner>);

#[derive(Default)]
struct Inner {
    current: RwLock<Option<Arc<Snapshot>>>,
    building: tokio::sync::Mutex<()>,
}

impl SearchIndex {
    /// An index that is built at its first use.
    pub fn new() -> SearchIndex {
        SearchIndex::default()
    }

    fn held(&self) -> Option<Arc<Snapshot>> {
        self.0.current.read().expect("nobody panics while holding it").clone()
    }

    /// The index of the catalogue as it stands. When the catalogue changed, the first to notice builds anew on a
    /// blocking thread; who comes meanwhile is answered from the one before.
    pub async fn current(&self, cx: &mut Cx) -> Result<Arc<Snapshot>, SearchError> {
        let version = rows::version(cx).await?;
        let held = self.held();
        if let Some(s) = held.as_ref().filter(|s| s.version() == version) {
            return Ok(s.clone());
        }
        let turn = match (held, self.0.building.try_lock()) {
            (_, Ok(turn)) => turn,
            (Some(old), Err(_)) => return Ok(old),
            (None, Err(_)) => self.0.building.lock().await,
        };
        if let Some(s) = self.held().filter(|s| s.version() == version) {
            return Ok(s);
        }
        let services = rows::on_offer(cx).await?;
        let built = tokio::task::spawn_blocking(move || Snapshot::build(version, services)).await;
        let built = Arc::new(built.map_err(|e| SearchError::IndexBroken { why: e.to_string() })??);
        *self.0.current.write().expect("nobody panics while holding it") = Some(built.clone());
        drop(turn);
        Ok(built)
    }
}

/// Searches the catalogue.
pub async fn run(cx: &mut Cx, index: &SearchIndex, query: &Query) -> Result<Hits, SearchError> {
    if !cx.permits(Action::SearchCatalogue, &Subject::none()) {
        return Err(SearchError::Forbidden);
    }
    index.current(cx).await?.search(query)
}
