//! From a read file to stored statements, versions and corrections (US-3, US-5).

use std::collections::BTreeMap;

use focus::Statement;
use kernel::Fen;
use store::{Cx, StoreError};

use crate::model::{BillImport, Correction, Figures, ImportResult, LineKey, StatementRow};
use crate::rules::billed::billed;
use crate::rules::figures::{TooLarge, figures, line_key};
use crate::rules::versions::{NewVersion, plan};
use crate::store::statements;

/// Stores what a file states. The outer error is the records', the inner one the file's.
pub(super) async fn store_statements(
    cx: &mut Cx,
    import: &BillImport,
    stated: &[Statement],
) -> Result<Result<ImportResult, TooLarge>, StoreError> {
    let mut by_account: BTreeMap<String, Vec<(LineKey, Figures)>> = BTreeMap::new();
    for (s, bill) in stated.iter().zip(billed(stated)) {
        let figures = match figures(s) {
            Ok(figures) => figures,
            Err(e) => return Ok(Err(e)),
        };
        by_account.entry(s.key.billing_account_id.clone()).or_default().push((line_key(s, bill), figures));
    }
    let mut result = ImportResult::default();
    for (account, lines) in by_account {
        let standing = statements::standing_of(cx, &import.provider_id, &account).await?;
        let todo = plan(lines, &standing);
        result.unchanged += todo.unchanged;
        for new in todo.new {
            store_version(cx, import, new, &mut result).await?;
        }
    }
    result.enterprises = statements::enterprises_of_import(cx, &import.id).await?;
    Ok(Ok(result))
}

async fn store_version(
    cx: &mut Cx,
    import: &BillImport,
    new: NewVersion<'_>,
    result: &mut ImportResult,
) -> Result<(), StoreError> {
    let difference_fen = new.difference_fen();
    let row = StatementRow {
        id: cx.new_id("stm"),
        provider_id: import.provider_id.clone(),
        version: new.instead_of.map_or(1, |old| old.version + 1),
        figures: new.figures,
        key: new.key,
        profile: import.profile.clone(),
        import_id: import.id.clone(),
        made_at: cx.now,
        superseded_by: None,
        enterprise_id: None,
        enterprise_name: None,
    };
    match new.instead_of {
        Some(old) => {
            result.superseded += 1;
            statements::supersede(cx, &old.id, &row.id).await?;
        }
        None => result.made += 1,
    }
    if row.key.currency == "CNY" {
        result.difference_fen += difference_fen;
    }
    statements::insert(cx, &row).await?;
    let rests_on = match new.instead_of {
        Some(old) => Some(old.id.clone()),
        // A later bill corrects a month whose own statement a settlement rests on.
        None if row.key.billed != row.key.month => statements::used_sibling(cx, &import.provider_id, &row.key).await?,
        None => None,
    };
    match rests_on {
        Some(old_id) => raise(cx, import, &old_id, &row, difference_fen, result).await,
        None => Ok(()),
    }
}

/// Raises a correction where settlements rest on the old statement; from now on they rest on the new one too.
async fn raise(
    cx: &mut Cx,
    import: &BillImport,
    old_id: &str,
    new: &StatementRow,
    difference_fen: Fen,
    result: &mut ImportResult,
) -> Result<(), StoreError> {
    let claims = statements::claims_on(cx, old_id).await?;
    for claim in &claims {
        statements::rest_on(cx, &new.id, claim).await?;
    }
    if claims.is_empty() || difference_fen == Fen::ZERO {
        return Ok(());
    }
    result.corrections += 1;
    let correction = Correction {
        id: cx.new_id("cor"),
        statement_id: old_id.to_owned(),
        new_statement_id: new.id.clone(),
        difference_fen,
        import_id: import.id.clone(),
        at: cx.now,
        handled: false,
    };
    statements::insert_correction(cx, &correction).await
}
