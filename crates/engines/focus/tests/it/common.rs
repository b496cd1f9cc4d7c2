//! Small bills and short calls.

use std::ops::ControlFlow;
use std::path::PathBuf;

use focus::generate::{Bill, to_csv, to_gzip, to_parquet};
use focus::{Ended, Import, Importer, Options, Profile, Refusal};

/// A file of the shared real data, when it is there.
pub fn shared(path: &str) -> Option<PathBuf> {
    let root = std::env::var_os("YUNJIN_SHARED").map(PathBuf::from);
    let root = root.unwrap_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../../shared")));
    let file = root.join("data").join(path);
    if !file.exists() {
        eprintln!("skipped: {path} of the shared data is not here");
        return None;
    }
    Some(file)
}

pub fn profile(id: &str) -> Profile {
    Profile::bundled(id).unwrap()
}

pub fn import_with(profile: Profile, options: Options, bytes: &[u8]) -> Result<Import, Refusal> {
    match Importer::new(profile, options).import_bytes(bytes, None, &mut |_| ControlFlow::Continue(()))? {
        Ended::Done(import) => Ok(*import),
        Ended::Stopped(_) => panic!("nothing stopped it"),
    }
}

pub fn import(id: &str, bytes: &[u8]) -> Result<Import, Refusal> {
    import_with(profile(id), Options::default(), bytes)
}

pub fn csv(bill: &Bill) -> Vec<u8> {
    let mut out = vec![];
    to_csv(bill, &mut out).unwrap();
    out
}

pub fn gzip(bill: &Bill) -> Vec<u8> {
    let mut out = vec![];
    to_gzip(bill, &mut out).unwrap();
    out
}

pub fn parquet(bill: &Bill, group_rows: usize) -> Vec<u8> {
    let mut out = vec![];
    to_parquet(bill, &mut out, group_rows).unwrap();
    out
}

/// A bill written by hand: header, and rows as `Column=value` changes to an ordinary row.
pub fn by_hand(rows: &[&[(&str, &str)]]) -> Vec<u8> {
    let base = [
        ("BillingAccountId", "acc-1"),
        ("SubAccountId", "sub-1"),
        ("ProviderName", "云甲"),
        ("PublisherName", "云甲"),
        ("InvoiceIssuerName", "云甲"),
        ("InvoiceId", "INV-1"),
        ("BillingPeriodStart", "2026-01-31T16:00:00Z"),
        ("BillingPeriodEnd", "2026-02-28T16:00:00Z"),
        ("ChargePeriodStart", "2026-02-01T00:00:00Z"),
        ("ChargePeriodEnd", "2026-02-01T01:00:00Z"),
        ("ChargeCategory", "Usage"),
        ("ChargeClass", ""),
        ("ChargeFrequency", "Usage-Based"),
        ("ServiceCategory", "Compute"),
        ("ServiceName", "云服务器"),
        ("ResourceId", "i-1"),
        ("ResourceType", "实例"),
        ("SkuId", "sku-1"),
        ("RegionId", "cn-tianjin"),
        ("ConsumedQuantity", "1.5"),
        ("ConsumedUnit", "Hours"),
        ("PricingQuantity", "1.5"),
        ("PricingUnit", "Hours"),
        ("ListUnitPrice", "2"),
        ("ListCost", "3"),
        ("ContractedCost", "2.4"),
        ("BilledCost", "2.4"),
        ("EffectiveCost", "2.4"),
        ("BillingCurrency", "CNY"),
        ("CommitmentDiscountStatus", ""),
        ("Tags", "{\"\"env\"\":\"\"prod\"\"}"),
    ];
    let mut out = base.map(|(c, _)| c).join(",") + "\n";
    for changes in rows {
        let field = |(c, v): &(&str, &str)| {
            let value = changes.iter().find(|(k, _)| k == c).map_or(*v, |(_, v)| v);
            if value.contains([',', '"', '\n']) { format!("\"{value}\"") } else { value.to_owned() }
        };
        out += &(base.iter().map(field).collect::<Vec<_>>().join(",") + "\n");
    }
    out.into_bytes()
}
