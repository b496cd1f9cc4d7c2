//! One state of the catalogue, indexed. Built once, then only read.

use kernel::Fen;
use tantivy::collector::{Collector, SegmentCollector};
use tantivy::directory::RamDirectory;
use tantivy::{DocId, Index, ReloadPolicy, Score, Searcher, SegmentOrdinal, SegmentReader, TantivyDocument};

use super::facets;
use super::nearest::Vocabulary;
use super::text::{self, Fields};
use super::{Hit, Hits, Query, SearchError, Sort, Suggestion};
use crate::model::Service;

/// A service with what filters ask of it.
pub(super) struct Entry {
    pub service: Service,
    pub provider_name: String,
    pub price_fen: Fen,
}

/// The catalogue at one version, searchable.
pub struct Snapshot {
    version: i64,
    entries: Vec<Entry>,
    fields: Fields,
    searcher: Searcher,
    vocabulary: Vocabulary,
}

/// Memory for building: five thousand services need a fraction of it.
const BUILD_BYTES: usize = 64 << 20;

impl Snapshot {
    /// Indexes services with their providers' names.
    pub fn build(version: i64, services: Vec<(Service, String)>) -> Result<Snapshot, SearchError> {
        let (schema, fields) = text::schema();
        // One segment, so that a document's number is the place of its service.
        let builder = Index::builder().schema(schema).tokenizers(text::tokenizers());
        let mut writer = builder.single_segment_index_writer(RamDirectory::create(), BUILD_BYTES)?;
        let mut entries = Vec::with_capacity(services.len());
        for (service, provider_name) in services {
            let price_fen = service.offer.price_fen();
            let entry = Entry { service, provider_name, price_fen };
            writer.add_document(document(fields, &entry))?;
            entries.push(entry);
        }
        let index = writer.finalize()?;
        let reader = index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into()?;
        let reader: tantivy::IndexReader = reader;
        let vocabulary = Vocabulary::of(&entries);
        Ok(Snapshot { version, entries, fields, searcher: reader.searcher(), vocabulary })
    }

    /// Of which state of the catalogue this is.
    pub fn version(&self) -> i64 {
        self.version
    }

    /// How many services it holds.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Does it hold none?
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Answers a query.
    pub fn search(&self, query: &Query) -> Result<Hits, SearchError> {
        let (matched, some_words_only) = self.matched(&query.words)?;
        let facets = facets::count(query, &matched, &self.entries);
        let mut found: Vec<(usize, Score)> =
            matched.iter().copied().filter(|(i, _)| facets::passes(query, &self.entries[*i])).collect();
        self.sort(&mut found, query);
        let suggestion = found.is_empty().then(|| self.suggest(query, matched.len()));
        let page = found.iter().skip(query.offset).take(query.limit);
        let items = page.map(|(i, _)| self.hit(*i)).collect();
        Ok(Hits { total: found.len(), items, facets, some_words_only, suggestion })
    }

    /// Which services have the words, with their scores; without words, all.
    fn matched(&self, words: &str) -> Result<(Vec<(usize, Score)>, bool), SearchError> {
        let words = text::words(words);
        if words.is_empty() {
            return Ok(((0..self.entries.len()).map(|i| (i, 0.0)).collect(), false));
        }
        let all = self.searcher.search(&text::query(self.fields, &words, true), &EveryDoc)?;
        if !all.is_empty() || words.len() == 1 {
            return Ok((all, false));
        }
        let some = self.searcher.search(&text::query(self.fields, &words, false), &EveryDoc)?;
        let any = !some.is_empty();
        Ok((some, any))
    }

    fn sort(&self, found: &mut [(usize, Score)], query: &Query) {
        let entry = |i: usize| &self.entries[i];
        let newest = |i: usize| std::cmp::Reverse((entry(i).service.at, i));
        match query.sort {
            Sort::Relevance => {
                found.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| newest(a.0).cmp(&newest(b.0))));
            }
            Sort::PriceUp => found.sort_by_key(|(i, _)| (entry(*i).price_fen, *i)),
            Sort::PriceDown => found.sort_by_key(|(i, _)| (std::cmp::Reverse(entry(*i).price_fen), *i)),
            Sort::Discount => {
                found.sort_by_key(|(i, _)| (std::cmp::Reverse(entry(*i).service.offer.discount_bp), *i));
            }
            Sort::Newest => found.sort_by_key(|(i, _)| newest(*i)),
        }
    }

    fn hit(&self, i: usize) -> Hit {
        let e = &self.entries[i];
        Hit { service: e.service.clone(), provider_name: e.provider_name.clone(), price_fen: e.price_fen }
    }

    fn suggest(&self, query: &Query, with_the_words: usize) -> Suggestion {
        let without_filters = if query.is_filtered() { with_the_words } else { 0 };
        Suggestion { without_filters, words: self.vocabulary.nearest(&query.words) }
    }
}

fn document(fields: Fields, entry: &Entry) -> TantivyDocument {
    let offer = &entry.service.offer;
    let sub_item = offer.sub_item();
    let family = kernel::family(sub_item.family).expect("every sub-item has its family");
    let mut doc = TantivyDocument::default();
    for name in [&offer.name.zh, &offer.name.en] {
        doc.add_text(fields.name, text::fold(name));
    }
    for topic in [sub_item.zh, sub_item.en, family.zh, family.en] {
        doc.add_text(fields.topic, text::fold(topic));
    }
    doc.add_text(fields.provider, text::fold(&entry.provider_name));
    for part in [&offer.description.zh, &offer.description.en] {
        doc.add_text(fields.text, text::fold(part));
    }
    doc
}

/// Collects every match with its score; a document's number is the place of its service.
struct EveryDoc;
struct EveryDocOfSegment(Vec<(usize, Score)>);

impl Collector for EveryDoc {
    type Fruit = Vec<(usize, Score)>;
    type Child = EveryDocOfSegment;

    fn for_segment(&self, _: SegmentOrdinal, _: &SegmentReader) -> tantivy::Result<EveryDocOfSegment> {
        Ok(EveryDocOfSegment(Vec::new()))
    }
    fn requires_scoring(&self) -> bool {
        true
    }
    fn merge_fruits(&self, fruits: Vec<Vec<(usize, Score)>>) -> tantivy::Result<Vec<(usize, Score)>> {
        Ok(fruits.into_iter().flatten().collect())
    }
}

impl SegmentCollector for EveryDocOfSegment {
    type Fruit = Vec<(usize, Score)>;

    fn collect(&mut self, doc: DocId, score: Score) {
        self.0.push((doc as usize, score));
    }
    fn harvest(self) -> Vec<(usize, Score)> {
        self.0
    }
}
