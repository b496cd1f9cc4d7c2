//! A stored decision replays to the same bytes, and a changed byte never passes.

use jiff::civil::date;
use rules::{Decision, ReplayMismatch, decide, replay, replay_with};
use serde_json::json;

fn stored() -> Vec<u8> {
    let inputs = json!({
        "registered_in_city": true, "dishonest": false, "other_grant": false, "actual_investment_fen": 123_456_789,
    });
    decide(&crate::programme("tianjin-2018"), "platform-construction", &inputs, date(2019, 7, 1)).canonical_bytes()
}

#[test]
fn the_same_bytes_come_out_whatever_the_order_of_inputs() {
    let inputs = json!({
        "actual_investment_fen": 123_456_789, "other_grant": false, "registered_in_city": true, "dishonest": false,
    });
    let again = decide(&crate::programme("tianjin-2018"), "platform-construction", &inputs, date(2019, 7, 1));
    assert_eq!(again.canonical_bytes(), stored());
    assert_eq!(Decision::from_bytes(&stored()).expect("reads"), again);
    replay(crate::text("tianjin-2018"), &stored()).expect("replays");
}

/// Goal: RU-1. Method: change each byte in turn; each change must be refused, also where the outcome would be the same.
#[test]
fn any_changed_byte_is_found() {
    let (p, good) = (crate::programme("tianjin-2018"), stored());
    for at in 0..good.len() {
        let mut bad = good.clone();
        bad[at] ^= 0x01;
        assert!(replay_with(&p, &bad).is_err(), "byte {at}");
    }
}

#[test]
fn the_first_difference_is_named() {
    let p = crate::programme("tianjin-2018");
    let text = String::from_utf8(stored()).expect("JSON is text");
    let raised = text.replace("\"amount_fen\":24691357", "\"amount_fen\":24691358");
    assert_ne!(raised, text);
    match replay_with(&p, raised.as_bytes()) {
        Err(ReplayMismatch::Differs { path, stored, recomputed, at_byte }) => {
            assert_eq!((path.as_str(), stored.as_str(), recomputed.as_str()), ("/amount_fen", "24691358", "24691357"));
            assert_eq!(at_byte, raised.find("24691358").expect("there") + 7);
        }
        other => panic!("{other:?}"),
    }
}

/// Someone who changes the amount and also the digest is still found: the amount is computed again.
#[test]
fn a_consistent_forgery_is_found() {
    let p = crate::programme("tianjin-2018");
    let mut forged = Decision::from_bytes(&stored()).expect("reads");
    forged.amount_fen = Some(30_000_000);
    let result = replay_with(&p, &forged.canonical_bytes());
    assert!(matches!(&result, Err(ReplayMismatch::Differs { path, .. }) if path == "/amount_fen"), "{result:?}");
}

#[test]
fn another_text_of_the_programme_is_another_programme() {
    let changed = crate::text("tianjin-2018").replace("version = \"1.0.0\"", "version = \"1.0.1\"");
    assert!(matches!(replay(&changed, &stored()), Err(ReplayMismatch::OtherProgramme { .. })));
    assert!(matches!(replay(crate::text("tianjin-2018"), b"{}"), Err(ReplayMismatch::NotADecision { .. })));
    let other_form = String::from_utf8(stored()).expect("text").replace("\"format\":1", "\"format\":2");
    let result = replay(crate::text("tianjin-2018"), other_form.as_bytes());
    assert!(matches!(result, Err(ReplayMismatch::OtherForm { found: 2 })), "{result:?}");
}
