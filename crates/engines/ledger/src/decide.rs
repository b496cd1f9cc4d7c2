//! The decision on one transfer: may it be made, and what do its two accounts look like afterwards? Reads only; the
//! working set carries out what is decided here.

use std::collections::HashMap;

use foldhash::fast::RandomState;
use kernel::{Fen, beijing_date};

use crate::account::{Account, Accounts, Counters, Limit, Side};
use crate::refusal::Refusal;
use crate::transfer::{Transfer, TransferKind};

/// A transfer that exists and, if it is a hold, what has resolved it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry<'a> {
    pub(crate) transfer: &'a Transfer,
    pub(crate) resolver: Option<&'a Transfer>,
}

/// Existing transfers by id.
pub(crate) type Known<'a> = HashMap<&'a str, Entry<'a>, RandomState>;

/// What making the transfer does: the two accounts, by position, and their counters afterwards.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Effect {
    pub(crate) debit: usize,
    pub(crate) credit: usize,
    pub(crate) debit_after: Counters,
    pub(crate) credit_after: Counters,
}

/// `Ok(None)`: this very transfer exists already.
pub(crate) fn decide(accounts: &Accounts, known: &Known<'_>, t: &Transfer) -> Result<Option<Effect>, Refusal> {
    // A retry is answered first: whatever has changed since (an account closed, a voucher spent) is no reason to tell
    // somebody that what was done has failed.
    if let Some(entry) = known.get(t.id.as_str()) {
        return match entry.transfer.difference(t) {
            None => Ok(None),
            Some(field) => Err(Refusal::ExistsWithDifferent { id: t.id.clone(), field }),
        };
    }
    check_shape(t)?;
    let (debit_at, debit) = find(accounts, &t.debit)?;
    let (credit_at, credit) = find(accounts, &t.credit)?;
    if !t.code.fits(&t.kind, debit.kind, credit.kind) {
        let (code, kind) = (t.code, t.kind.code());
        return Err(Refusal::CodeDoesNotFit { code, kind, debit: debit.kind, credit: credit.kind });
    }
    // What only releases money may also happen on a closed account, or its holds would stand for ever.
    if !matches!(t.kind, TransferKind::Void { .. } | TransferKind::Expire { .. }) {
        check_open(debit)?;
        check_open(credit)?;
    }
    let (pending_fen, posted_fen) = match &t.kind {
        TransferKind::Posted => (0, t.amount.0),
        TransferKind::Pending { .. } => (t.amount.0, 0),
        TransferKind::Post { pending_id } => (-held(known, t, pending_id)?.0, t.amount.0),
        TransferKind::Void { pending_id } | TransferKind::Expire { pending_id } => (-held(known, t, pending_id)?.0, 0),
    };
    // Resolving a hold takes nothing that the hold had not taken, so only new money is measured against the floor.
    if pending_fen >= 0 {
        check_floor(debit, Limit::CreditsMustNotFallBelowDebits, t.amount)?;
        check_floor(credit, Limit::DebitsMustNotFallBelowCredits, t.amount)?;
    }
    let after = |account: &Account, side| {
        account.counters.moved(side, pending_fen, posted_fen).ok_or_else(|| {
            let account = account.id.clone();
            if pending_fen < 0 { Refusal::CountersBroken { account } } else { Refusal::Overflow { account } }
        })
    };
    let (debit_after, credit_after) = (after(debit, Side::Debit)?, after(credit, Side::Credit)?);
    Ok(Some(Effect { debit: debit_at, credit: credit_at, debit_after, credit_after }))
}

fn check_shape(t: &Transfer) -> Result<(), Refusal> {
    if t.id.is_empty() {
        return Err(Refusal::EmptyId);
    }
    if t.amount <= Fen::ZERO {
        return Err(Refusal::AmountNotPositive { amount: t.amount });
    }
    if t.debit == t.credit {
        return Err(Refusal::SameAccount { account: t.debit.clone() });
    }
    Ok(())
}

fn find<'s>(accounts: &'s Accounts, id: &str) -> Result<(usize, &'s Account), Refusal> {
    accounts.find(id).ok_or_else(|| Refusal::AccountNotFound { account: id.to_owned() })
}

fn check_open(account: &Account) -> Result<(), Refusal> {
    if account.closed { Err(Refusal::AccountClosed { account: account.id.clone() }) } else { Ok(()) }
}

/// LG-2, for an account whose floor is the one that this side of the entry presses on.
fn check_floor(account: &Account, pressed: Limit, asked: Fen) -> Result<(), Refusal> {
    if account.limit != pressed {
        return Ok(());
    }
    match account.available() {
        Some(available) if asked > available => {
            Err(Refusal::ExceedsAvailable { account: account.id.clone(), available, asked })
        }
        _ => Ok(()),
    }
}

/// LG-3: the amount of the hold that `t` resolves, if it can be resolved so.
fn held(known: &Known<'_>, t: &Transfer, pending_id: &str) -> Result<Fen, Refusal> {
    let pending = || pending_id.to_owned();
    let entry = known.get(pending_id).ok_or_else(|| Refusal::PendingNotFound { pending: pending() })?;
    let hold = entry.transfer;
    if !matches!(hold.kind, TransferKind::Pending { .. }) {
        return Err(Refusal::NotPending { pending: pending() });
    }
    if let Some(resolver) = entry.resolver {
        let (pending, by) = (pending(), resolver.id.clone());
        return Err(match resolver.kind {
            TransferKind::Void { .. } => Refusal::AlreadyVoided { pending, by },
            TransferKind::Expire { .. } => Refusal::AlreadyExpired { pending, by },
            _ => Refusal::AlreadyPosted { pending, by },
        });
    }
    if hold.debit != t.debit || hold.credit != t.credit {
        let (debit, credit) = (hold.debit.clone(), hold.credit.clone());
        return Err(Refusal::PendingAccountsDiffer { pending: pending(), debit, credit });
    }
    let (held, asked) = (hold.amount, t.amount);
    let posts = matches!(t.kind, TransferKind::Post { .. });
    if posts && asked > held {
        return Err(Refusal::ExceedsPending { pending: pending(), held, asked });
    }
    if !posts && asked != held {
        return Err(Refusal::NotWholePending { pending: pending(), held, asked });
    }
    check_day(hold, t)?;
    Ok(held)
}

/// A hold with a last day can be posted until then and expires only after it. Voiding knows no days.
fn check_day(hold: &Transfer, t: &Transfer) -> Result<(), Refusal> {
    let pending = || hold.id.clone();
    match (&t.kind, hold.kind.expires_on()) {
        (TransferKind::Post { .. }, Some(expires_on)) => {
            let today = beijing_date(t.at);
            if today > expires_on {
                Err(Refusal::PendingLapsed { pending: pending(), expires_on, today })
            } else {
                Ok(())
            }
        }
        (TransferKind::Expire { .. }, None) => Err(Refusal::NeverLapses { pending: pending() }),
        (TransferKind::Expire { .. }, Some(expires_on)) => {
            let today = beijing_date(t.at);
            if today <= expires_on {
                Err(Refusal::NotYetLapsed { pending: pending(), expires_on, today })
            } else {
                Ok(())
            }
        }
        _ => Ok(()),
    }
}
