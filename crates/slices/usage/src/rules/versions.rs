//! US-3: what a bill that comes later does to the statements that stand. Nothing is edited: new versions are made.

use std::collections::{BTreeMap, BTreeSet};

use kernel::Fen;

use crate::model::{Figures, LineKey, StatementRow};

/// A statement to store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewVersion<'a> {
    /// What it is about.
    pub key: LineKey,
    /// What it says.
    pub figures: Figures,
    /// What it takes the place of.
    pub instead_of: Option<&'a StatementRow>,
}

impl NewVersion<'_> {
    /// New less old net cost, in fen.
    pub fn difference_fen(&self) -> Fen {
        self.figures.net_fen - self.instead_of.map_or(Fen::ZERO, |old| old.figures.net_fen)
    }
}

/// What is to be done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan<'a> {
    /// Statements to store.
    pub new: Vec<NewVersion<'a>>,
    /// Statements whose figures stand already.
    pub unchanged: u64,
}

/// `standing`: all standing statements of the same accounts and bills. What stands and is no longer stated gets a
/// version with nothing in it, so that the difference can be seen.
pub fn plan<'a>(stated: Vec<(LineKey, Figures)>, standing: &'a [StatementRow]) -> Plan<'a> {
    let bills: BTreeSet<(String, String)> =
        stated.iter().map(|(k, _)| (k.billing_account_id.clone(), k.billed.clone())).collect();
    let mut old: BTreeMap<&LineKey, &StatementRow> = standing
        .iter()
        .filter(|s| bills.contains(&(s.key.billing_account_id.clone(), s.key.billed.clone())))
        .map(|s| (&s.key, s))
        .collect();
    let mut plan = Plan::default();
    for (key, figures) in stated {
        match old.remove(&key) {
            Some(same) if same.figures == figures => plan.unchanged += 1,
            instead_of => plan.new.push(NewVersion { key, figures, instead_of }),
        }
    }
    for (key, gone) in old {
        let nothing = Figures::default();
        match gone.figures == nothing {
            true => plan.unchanged += 1,
            false => plan.new.push(NewVersion { key: key.clone(), figures: nothing, instead_of: Some(gone) }),
        }
    }
    plan
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;

    fn key(service: &str, billed: &str) -> LineKey {
        LineKey {
            billing_account_id: "acc".into(),
            sub_account_id: String::new(),
            provider_name: "Cloud".into(),
            service_name: service.into(),
            service_category: "Compute".into(),
            currency: "CNY".into(),
            month: "2019-05".into(),
            billed: billed.into(),
        }
    }

    fn net(yuan: i64) -> Figures {
        Figures { net_fen: Fen::from_yuan(yuan), bill_rows: 1, ..Figures::default() }
    }

    fn row(id: &str, key: LineKey, figures: Figures) -> StatementRow {
        StatementRow {
            id: id.into(),
            provider_id: "org_p".into(),
            key,
            version: 1,
            figures,
            profile: "p".into(),
            import_id: "imp".into(),
            made_at: Timestamp::UNIX_EPOCH,
            superseded_by: None,
            enterprise_id: None,
            enterprise_name: None,
        }
    }

    #[test]
    fn same_figures_stay_changed_ones_and_gone_ones_get_a_version_and_other_bills_are_left_alone() {
        let standing = [
            row("s1", key("ECS", "2019-05"), net(100)),
            row("s2", key("OSS", "2019-05"), net(50)),
            row("s3", key("RDS", "2019-05"), net(30)),
            row("s4", key("ECS", "2019-06"), net(-7)),
        ];
        let stated =
            vec![(key("ECS", "2019-05"), net(100)), (key("OSS", "2019-05"), net(40)), (key("CDN", "2019-05"), net(1))];
        let plan = plan(stated, &standing);
        assert_eq!(plan.unchanged, 1);
        let new: Vec<_> = plan
            .new
            .iter()
            .map(|n| (n.key.service_name.as_str(), n.instead_of.map(|s| s.id.as_str()), n.difference_fen()))
            .collect();
        assert_eq!(
            new,
            [
                ("OSS", Some("s2"), Fen::from_yuan(-10)),
                ("CDN", None, Fen::from_yuan(1)),
                ("RDS", Some("s3"), Fen::from_yuan(-30)),
            ]
        );
    }

    #[test]
    fn a_bill_that_says_the_same_again_changes_nothing() {
        let standing =
            [row("s1", key("ECS", "2019-05"), net(100)), row("s2", key("OSS", "2019-05"), Figures::default())];
        let plan = plan(vec![(key("ECS", "2019-05"), net(100))], &standing);
        assert_eq!((plan.new.len(), plan.unchanged), (0, 2));
    }
}
