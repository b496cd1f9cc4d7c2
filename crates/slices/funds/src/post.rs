//! Putting transfers on record: load what the batch touches, let the engine decide, write what it made.

use std::collections::HashMap;

use foldhash::fast::RandomState;
use kernel::Lang;
use ledger::{Outcome, Refusal, Transfer, Wanted, WorkingSet};
use store::{Cx, StoreError};

use crate::store as records;

/// The first transfer of a batch that was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The transfer.
    pub transfer_id: String,
    /// Why.
    pub refusal: Refusal,
}

/// Why nothing of a batch was made.
#[derive(Debug, thiserror::Error)]
pub enum PostError {
    /// The engine refused a transfer; none was made.
    #[error("transfer {} refused: {}", .0.transfer_id, .0.refusal)]
    Refused(Box<Refused>),
    /// The records failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl store::Refusal for PostError {
    fn code(&self) -> &'static str {
        match self {
            PostError::Refused(r) => r.refusal.code(),
            PostError::Store(e) => e.code(),
        }
    }
    fn status(&self) -> u16 {
        match self {
            PostError::Refused(_) => 409,
            PostError::Store(e) => e.status(),
        }
    }
    fn message(&self, lang: Lang) -> String {
        match self {
            PostError::Refused(r) => r.refusal.message(lang),
            PostError::Store(e) => e.message(lang),
        }
    }
}

/// For an enum of [`store::refusals!`] that has `Money { zh: String, en: String }`: turns a [`PostError`] into it.
#[macro_export]
macro_rules! money_refusal {
    ($name:ident) => {
        impl From<$crate::PostError> for $name {
            fn from(e: $crate::PostError) -> Self {
                match e {
                    $crate::PostError::Store(e) => $name::Store(e),
                    $crate::PostError::Refused(r) => $name::Money {
                        zh: r.refusal.message(kernel::Lang::Zh),
                        en: r.refusal.message(kernel::Lang::En),
                    },
                }
            }
        }
    };
}

/// Makes all of `transfers` or none: the first refusal is the answer. A transfer that exists with the same content
/// is not made again. Runs in the caller's transaction and leaves the journal row to it.
pub async fn post(cx: &mut Cx, transfers: &[Transfer]) -> Result<(), PostError> {
    let loaded = records::load(cx, &Wanted::of(transfers)).await?;
    let mut set = WorkingSet::new(loaded.accounts, &loaded.transfers);
    let outcomes = set.apply(transfers);
    let refused = outcomes.iter().zip(transfers).find_map(|(o, t)| Some((o.refusal()?, t)));
    if let Some((refusal, transfer)) = refused {
        let (transfer_id, refusal) = (transfer.id.clone(), refusal.clone());
        return Err(PostError::Refused(Box::new(Refused { transfer_id, refusal })));
    }
    write(cx, &set, loaded.chains, transfers, &outcomes).await?;
    Ok(())
}

/// Makes those of `transfers` that can be made, each seeing what the ones before it did; one answer each. For bulk.
pub async fn post_batch(cx: &mut Cx, transfers: &[Transfer]) -> Result<Vec<Outcome>, StoreError> {
    let loaded = records::load(cx, &Wanted::of(transfers)).await?;
    let mut set = WorkingSet::new(loaded.accounts, &loaded.transfers);
    let outcomes = set.apply(transfers);
    write(cx, &set, loaded.chains, transfers, &outcomes).await?;
    Ok(outcomes)
}

/// Numbers the made transfers on from the last one, hangs each on the chains of its two accounts, and writes both.
async fn write(
    cx: &mut Cx,
    set: &WorkingSet<'_>,
    mut chains: HashMap<String, i64, RandomState>,
    transfers: &[Transfer],
    outcomes: &[Outcome],
) -> Result<(), StoreError> {
    let made = || outcomes.iter().zip(transfers).filter(|(o, _)| **o == Outcome::Created).map(|(_, t)| t);
    if made().next().is_none() {
        return Ok(());
    }
    let mut seq = records::last_seq(cx).await?;
    let mut rows = Vec::with_capacity(transfers.len());
    for transfer in made() {
        seq += 1;
        let debit_previous = step(&mut chains, &transfer.debit, seq);
        let credit_previous = step(&mut chains, &transfer.credit, seq);
        rows.push(records::NewTransfer { transfer, seq, debit_previous, credit_previous });
    }
    records::insert_transfers(cx, &rows).await?;
    let changed: Vec<_> = set.changed().map(|account| (account, chains[&account.id])).collect();
    records::update_accounts(cx, &changed).await
}

/// The account's newest transfer becomes `seq`; returns what it was.
fn step(chains: &mut HashMap<String, i64, RandomState>, account: &str, seq: i64) -> i64 {
    let last = chains.get_mut(account).expect("the engine made no transfer between accounts that were not loaded");
    std::mem::replace(last, seq)
}
