//! Words: how text is cut for the index and how a reader's words become a query.

use tantivy::Term;
use tantivy::query::{BooleanQuery, BoostQuery, FuzzyTermQuery, Occur, Query, TermQuery};
use tantivy::schema::{Field, IndexRecordOption, Schema, TextFieldIndexing, TextOptions};
use tantivy::tokenizer::{RemoveLongFilter, TextAnalyzer, TokenizerManager};
use tantivy_jieba::JiebaTokenizer;

const ANALYZER: &str = "zh-en";
/// No word of either language is longer; what is longer is a key or a link.
const TOKEN_BYTES_MAX: usize = 60;
/// A query of more words than this is a pasted text; the rest adds nothing.
const WORDS_MAX: usize = 12;

/// The fields of the index, and how much a word in each of them weighs.
#[derive(Clone, Copy)]
pub struct Fields {
    /// Name of the service, both languages.
    pub name: Field,
    /// Names of its sub-item and family, both languages.
    pub topic: Field,
    /// Name of the provider.
    pub provider: Field,
    /// Description, both languages.
    pub text: Field,
}

impl Fields {
    fn weighted(self) -> [(Field, f32); 4] {
        [(self.name, 6.0), (self.topic, 3.0), (self.provider, 2.0), (self.text, 1.0)]
    }
}

/// Letters as they are compared: lower case, full-width forms of Latin letters and digits made plain.
pub fn fold(text: &str) -> String {
    let plain = |c: char| match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(c as u32 - 0xfee0).unwrap_or(c),
        '\u{3000}' => ' ',
        _ => c,
    };
    text.chars().map(plain).flat_map(char::to_lowercase).collect()
}

fn analyzer(search_mode: bool) -> TextAnalyzer {
    // Without the guessing of unknown words, a word that the dictionary lacks is cut the same way in a long
    // sentence and in a short query: into its characters.
    let mut jieba = JiebaTokenizer::with_hmm(false);
    jieba.set_search_mode(search_mode);
    jieba.set_ordinal_position_mode(true);
    TextAnalyzer::builder(jieba).filter(RemoveLongFilter::limit(TOKEN_BYTES_MAX)).build()
}

/// An empty schema and its fields.
pub fn schema() -> (Schema, Fields) {
    let mut builder = Schema::builder();
    let indexing = TextFieldIndexing::default().set_tokenizer(ANALYZER).set_index_option(IndexRecordOption::WithFreqs);
    let options = TextOptions::default().set_indexing_options(indexing);
    let mut add = |name: &str| builder.add_text_field(name, options.clone());
    let fields = Fields { name: add("name"), topic: add("topic"), provider: add("provider"), text: add("text") };
    (builder.build(), fields)
}

/// The analyzer that an index is built with: words of the dictionary and the shorter words inside them.
pub fn tokenizers() -> TokenizerManager {
    let tokenizers = TokenizerManager::new();
    tokenizers.register(ANALYZER, analyzer(true));
    tokenizers
}

/// A reader's words: cut coarsely, without punctuation, each once.
pub fn words(text: &str) -> Vec<String> {
    let folded = fold(text);
    let mut out: Vec<String> = Vec::new();
    let mut cutter = analyzer(false);
    let mut stream = cutter.token_stream(&folded);
    while let Some(token) = stream.next() {
        let word = &token.text;
        if word.chars().any(char::is_alphanumeric) && !out.contains(word) && out.len() < WORDS_MAX {
            out.push(word.clone());
        }
    }
    out
}

/// One word, wherever it stands; a Latin word also as the beginning of a longer one, its plural `s` put aside.
fn word_query(fields: Fields, word: &str) -> Box<dyn Query> {
    let mut anywhere: Vec<(Occur, Box<dyn Query>)> = Vec::new();
    let stem = word.strip_suffix('s').unwrap_or(word);
    let latin = word.is_ascii() && stem.len() >= 3;
    for (field, weight) in fields.weighted() {
        let exact = TermQuery::new(Term::from_field_text(field, word), IndexRecordOption::WithFreqs);
        anywhere.push((Occur::Should, Box::new(BoostQuery::new(Box::new(exact), weight))));
        if latin {
            let begins = FuzzyTermQuery::new_prefix(Term::from_field_text(field, stem), 0, true);
            anywhere.push((Occur::Should, Box::new(BoostQuery::new(Box::new(begins), weight / 4.0))));
        }
    }
    Box::new(BooleanQuery::new(anywhere))
}

/// All words, or any of them.
pub fn query(fields: Fields, words: &[String], all: bool) -> BooleanQuery {
    let occur = if all { Occur::Must } else { Occur::Should };
    BooleanQuery::new(words.iter().map(|w| (occur, word_query(fields, w))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_cut_in_both_languages_and_punctuation_is_dropped() {
        assert_eq!(words("设备故障诊断，ＭＥＳ Cloud hosts!"), ["设备", "故障诊断", "mes", "cloud", "hosts"]);
        assert_eq!(words("  ，。 "), Vec::<String>::new());
    }

    #[test]
    fn a_pasted_text_is_cut_short() {
        let many: String = (0..100).map(|i| format!("word{i} ")).collect();
        assert_eq!(words(&many).len(), WORDS_MAX);
    }
}
