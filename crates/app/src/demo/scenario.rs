//! A scenario as data: `scenarios/*.toml`.

use anyhow::{Context, Result, ensure};
use jiff::civil::Date;
use kernel::Text;
use serde::Deserialize;

/// The scenario that the demonstration replays.
pub const TIANJIN_YEAR: &str = include_str!("../../../../scenarios/tianjin-year.toml");

/// Which text a replay came from.
pub fn sha256(text: &str) -> String {
    use sha2::Digest;
    hex::encode(sha2::Sha256::digest(text.as_bytes()))
}

/// A story.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// What it tells.
    pub title: Text,
    /// Of every draw.
    pub seed: u64,
    /// First day.
    pub starts: Date,
    /// Last day.
    pub ends: Date,
    /// The programme that is published.
    pub programme: String,
    /// What the city puts in.
    pub appropriation_yuan: i64,
    /// Of every login.
    pub password: String,
    /// The enterprises.
    pub firms: Firms,
    /// The kinds of enterprises.
    #[serde(rename = "persona")]
    pub personas: Vec<PersonaParts>,
    /// The providers.
    #[serde(rename = "provider")]
    pub providers: Vec<Provider>,
}

/// How enterprises are made.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Firms {
    /// How many.
    pub count: usize,
    /// First day of registration.
    pub from: Date,
    /// Last day of registration.
    pub until: Date,
    /// First words of their names.
    pub places: Vec<String>,
    /// Second words.
    pub marks: Vec<String>,
    /// Third words, and the industry that goes with them.
    pub trades: Vec<Trade>,
}

/// A trade.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trade {
    /// In a firm's name.
    pub words: String,
    /// GB/T 4754 division.
    pub industry: String,
}

/// How many of a kind.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PersonaParts {
    /// Which kind.
    pub code: Persona,
    /// Parts of the whole.
    pub parts: u64,
}

/// What a firm does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Persona {
    /// All as it should be.
    Steady,
    /// Returned once for a defect.
    Corrected,
    /// A serious defaulter.
    Dishonest,
    /// Not a manufacturer.
    Utility,
    /// Never corrects.
    Lapses,
    /// Never orders.
    Waits,
    /// Hardly uses what it bought.
    Idle,
    /// Pays half of its share.
    HalfPaid,
    /// Somebody objects.
    Objected,
    /// The provider declines.
    Declined,
}

/// A provider.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Provider {
    /// Login and billing accounts begin with it.
    pub code: String,
    /// Its name.
    pub name: String,
    /// Eight characters of its organisation code.
    pub organisation: String,
    /// Conformance profile of its bills.
    pub profile: String,
    /// Promised discount.
    pub discount_bp: i64,
    /// What it says of itself.
    pub intro: Text,
    /// What it offers.
    #[serde(rename = "service")]
    pub services: Vec<Service>,
}

/// A service.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Service {
    /// Under the taxonomy.
    pub sub_item: String,
    /// Its name.
    pub name: Text,
    /// What it does.
    pub description: Text,
    /// What one is.
    pub unit: Text,
    /// A month of one.
    pub price_yuan: i64,
}

impl Scenario {
    /// Reads a scenario.
    pub fn parse(text: &str) -> Result<Scenario> {
        let s: Scenario = toml::from_str(text).context("the scenario")?;
        ensure!(s.starts < s.ends, "the scenario ends before it starts");
        ensure!(s.personas.iter().map(|p| p.parts).sum::<u64>() > 0, "the scenario has no kinds of firms");
        ensure!(s.providers.iter().all(|p| !p.services.is_empty()), "a provider of the scenario offers nothing");
        Ok(s)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_demonstrations_scenario_reads() {
        let s = Scenario::parse(TIANJIN_YEAR).unwrap();
        assert!(s.providers.iter().flat_map(|p| &p.services).all(|x| kernel::sub_item(&x.sub_item).is_some()));
        assert!(s.firms.trades.iter().all(|t| kernel::industry(&t.industry).is_some()));
    }
}
