//! The working set: the part of the ledger that a batch touches, and the batch's application to it.

use foldhash::fast::RandomState;

use crate::account::{Account, Accounts, Counters};
use crate::decide::{Effect, Entry, Known, decide};
use crate::refusal::Refusal;
use crate::transfer::Transfer;

/// The answer to one transfer of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Made now: insert it.
    Created,
    /// Made before, with the same content: the retry is answered like the first time.
    Exists,
    /// Not made.
    Refused(Refusal),
}

impl Outcome {
    /// The refusal, if it is one.
    pub fn refusal(&self) -> Option<&Refusal> {
        match self {
            Outcome::Refused(refusal) => Some(refusal),
            Outcome::Created | Outcome::Exists => None,
        }
    }
}

/// What a batch is decided on. Holds the accounts, and borrows the transfers that exist: those read from the record and,
/// after [`WorkingSet::apply`], those made by it. What [`crate::Wanted`] names must be in it; an account or a hold that was not
/// loaded is refused as not found.
#[derive(Clone, Debug)]
pub struct WorkingSet<'a> {
    accounts: Accounts,
    known: Known<'a>,
    /// Positions of changed accounts, in the order of their first change.
    changed: Vec<usize>,
    is_changed: Vec<bool>,
}

/// How to take one transfer back.
struct Undo<'a> {
    transfer: &'a Transfer,
    debit: (usize, Counters),
    credit: (usize, Counters),
}

impl<'a> WorkingSet<'a> {
    /// Over these accounts and these existing transfers, in any order. Which holds are resolved follows from the transfers
    /// themselves, so the ones that resolve a wanted hold must be among them.
    pub fn new(accounts: Accounts, stored: &'a [Transfer]) -> WorkingSet<'a> {
        let mut known = Known::with_capacity_and_hasher(stored.len(), RandomState::default());
        known.extend(stored.iter().map(|transfer| (transfer.id.as_str(), Entry { transfer, resolver: None })));
        for transfer in stored {
            if let Some(hold) = transfer.kind.pending_id().and_then(|id| known.get_mut(id)) {
                hold.resolver = Some(transfer);
            }
        }
        let is_changed = vec![false; accounts.len()];
        WorkingSet { accounts, known, changed: Vec::new(), is_changed }
    }

    /// Decides on each transfer in turn, each seeing what those before it did; one answer each, in the same order. Linked
    /// neighbours are made together or not at all.
    pub fn apply(&mut self, batch: &'a [Transfer]) -> Vec<Outcome> {
        let mut outcomes = Vec::with_capacity(batch.len());
        self.known.reserve(batch.len());
        let mut rest = batch;
        while let Some((first, others)) = rest.split_first() {
            if !first.linked {
                outcomes.push(self.apply_one(first));
                rest = others;
                continue;
            }
            match rest.iter().position(|t| !t.linked) {
                Some(last) => {
                    let (chain, after) = rest.split_at(last + 1);
                    self.apply_chain(chain, &mut outcomes);
                    rest = after;
                }
                None => {
                    refuse_chain(rest, rest.len() - 1, Refusal::ChainOpen, &mut outcomes);
                    rest = &[];
                }
            }
        }
        debug_assert_eq!(outcomes.len(), batch.len(), "one answer for each transfer");
        outcomes
    }

    /// The account with this id, as it stands now.
    pub fn account(&self, id: &str) -> Option<&Account> {
        self.accounts.get(id)
    }

    /// The accounts whose counters have been changed: those to write back.
    pub fn changed(&self) -> impl ExactSizeIterator<Item = &Account> {
        self.changed.iter().map(|&position| self.accounts.at(position))
    }

    /// The accounts, for the next working set. If the record could not be written, they are ahead of it: drop them.
    pub fn into_accounts(self) -> Accounts {
        self.accounts
    }

    fn apply_one(&mut self, transfer: &'a Transfer) -> Outcome {
        match decide(&self.accounts, &self.known, transfer) {
            Ok(None) => Outcome::Exists,
            Ok(Some(effect)) => {
                self.make(transfer, effect);
                Outcome::Created
            }
            Err(refusal) => Outcome::Refused(refusal),
        }
    }

    fn apply_chain(&mut self, chain: &'a [Transfer], outcomes: &mut Vec<Outcome>) {
        let changed_before = self.changed.len();
        let mut made: Vec<Undo<'a>> = Vec::with_capacity(chain.len());
        for (position, transfer) in chain.iter().enumerate() {
            let refusal = match decide(&self.accounts, &self.known, transfer) {
                // All of a chain is new or all of it is a retry; `made` says which it has been so far.
                Ok(None) if made.is_empty() => continue,
                Ok(Some(effect)) if made.len() == position => {
                    made.push(self.make(transfer, effect));
                    continue;
                }
                Ok(_) => Refusal::ChainPartlyExists { id: transfer.id.clone() },
                Err(refusal) => refusal,
            };
            self.take_back(made, changed_before);
            refuse_chain(chain, position, refusal, outcomes);
            return;
        }
        let all = if made.is_empty() { Outcome::Exists } else { Outcome::Created };
        outcomes.extend(std::iter::repeat_n(all, chain.len()));
    }

    fn make(&mut self, transfer: &'a Transfer, effect: Effect) -> Undo<'a> {
        let undo = Undo {
            transfer,
            debit: (effect.debit, self.accounts.at(effect.debit).counters),
            credit: (effect.credit, self.accounts.at(effect.credit).counters),
        };
        self.accounts.set_counters(effect.debit, effect.debit_after);
        self.accounts.set_counters(effect.credit, effect.credit_after);
        for position in [effect.debit, effect.credit] {
            if !self.is_changed[position] {
                self.is_changed[position] = true;
                self.changed.push(position);
            }
        }
        if let Some(hold) = transfer.kind.pending_id().and_then(|id| self.known.get_mut(id)) {
            hold.resolver = Some(transfer);
        }
        self.known.insert(&transfer.id, Entry { transfer, resolver: None });
        undo
    }

    /// Last made, first taken back, so that an account touched twice ends where it was before the chain.
    fn take_back(&mut self, made: Vec<Undo<'a>>, changed_before: usize) {
        for undo in made.into_iter().rev() {
            self.accounts.set_counters(undo.debit.0, undo.debit.1);
            self.accounts.set_counters(undo.credit.0, undo.credit.1);
            self.known.remove(undo.transfer.id.as_str());
            if let Some(hold) = undo.transfer.kind.pending_id().and_then(|id| self.known.get_mut(id)) {
                hold.resolver = None;
            }
        }
        for position in self.changed.drain(changed_before..) {
            self.is_changed[position] = false;
        }
    }
}

/// The member at `failed` gets its own refusal, the others get to know which one it was.
fn refuse_chain(chain: &[Transfer], failed: usize, refusal: Refusal, outcomes: &mut Vec<Outcome>) {
    let cause = &chain[failed].id;
    let mut refusal = Some(refusal);
    outcomes.extend((0..chain.len()).map(|position| {
        let own = if position == failed { refusal.take() } else { None };
        Outcome::Refused(own.unwrap_or_else(|| Refusal::LinkedFailed { cause: cause.clone() }))
    }));
}
