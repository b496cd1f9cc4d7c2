//! Writing a generated bill as CSV, gzip CSV or Parquet.

use std::io::{self, Write};
use std::sync::Arc;

use arrow::array::{ArrayRef, Decimal128Array, RecordBatch, StringArray, TimestampMillisecondArray};
use arrow::datatypes::{DataType, Field, Schema, TimeUnit};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;

use super::rows::SERVICES;
use super::{Bill, Row, rows};
use crate::when::iso;

/// Columns of a generated bill. CommitmentDiscountStatus is left out: the simulated cloud sells no commitments.
pub const COLUMNS: [&str; 32] = [
    "BillingAccountId",
    "BillingAccountName",
    "SubAccountId",
    "ProviderName",
    "PublisherName",
    "InvoiceIssuerName",
    "InvoiceId",
    "BillingPeriodStart",
    "BillingPeriodEnd",
    "ChargePeriodStart",
    "ChargePeriodEnd",
    "ChargeCategory",
    "ChargeClass",
    "ChargeFrequency",
    "ChargeDescription",
    "ServiceCategory",
    "ServiceName",
    "ResourceId",
    "ResourceType",
    "SkuId",
    "RegionId",
    "ConsumedQuantity",
    "ConsumedUnit",
    "PricingQuantity",
    "PricingUnit",
    "ListUnitPrice",
    "ListCost",
    "ContractedCost",
    "BilledCost",
    "EffectiveCost",
    "BillingCurrency",
    "Tags",
];
const ROWS_PER_BATCH: usize = 65_536;
const SCALE: i8 = 6;

fn micro(out: &mut String, value: i64) {
    use std::fmt::Write;
    let sign = if value < 0 { "-" } else { "" };
    let (whole, part) = (value.unsigned_abs() / 1_000_000, value.unsigned_abs() % 1_000_000);
    write!(out, "{sign}{whole}.{part:06}").expect("a string takes all");
}

/// A row of CSV. Text is quoted where it must be.
fn line(out: &mut String, bill: &Bill, row: &Row) {
    let (name, category, kind, unit, sku, _, _) = SERVICES[row.service];
    let month = crate::when::Month::at(row.billing.0, 480).to_string();
    let text = |out: &mut String, value: &str| {
        if value.contains([',', '"', '\n']) {
            out.push('"');
            out.push_str(&value.replace('"', "\"\""));
            out.push('"');
        } else {
            out.push_str(value);
        }
        out.push(',');
    };
    let invoice = format!("INV-{}-{month}", row.account);
    for value in [&*row.account, "模拟企业", &row.sub_account, &bill.provider, &bill.provider, &bill.provider, &invoice]
    {
        text(out, value);
    }
    for instant in [row.billing.0, row.billing.1, row.charge.0, row.charge.1] {
        text(out, &iso(instant));
    }
    let description = format!("{name}，按量计费");
    for value in [row.category, row.class.unwrap_or(""), row.frequency, &description, category, name] {
        text(out, value);
    }
    let typed = if row.resource.is_some() { kind } else { "" };
    for value in [row.resource.as_deref().unwrap_or(""), typed, sku, row.region] {
        text(out, value);
    }
    if let Some(quantity) = row.consumed_micro {
        micro(out, quantity);
    }
    out.push(',');
    text(out, if row.consumed_micro.is_some() { unit } else { "" });
    micro(out, row.priced_micro);
    out.push(',');
    text(out, unit);
    for value in [row.price_micro, row.list_cost_micro, row.cost_micro, row.cost_micro, row.cost_micro] {
        micro(out, value);
        out.push(',');
    }
    text(out, row.currency);
    text(out, row.tags);
    out.pop();
    out.push('\n');
}

/// Writes the bill as CSV.
pub fn to_csv(bill: &Bill, mut out: impl Write) -> io::Result<()> {
    let mut buffer = COLUMNS.join(",");
    buffer.push('\n');
    for row in rows(bill) {
        line(&mut buffer, bill, &row);
        if buffer.len() > 1 << 18 {
            out.write_all(buffer.as_bytes())?;
            buffer.clear();
        }
    }
    out.write_all(buffer.as_bytes())?;
    out.flush()
}

/// Writes the bill as gzip CSV.
pub fn to_gzip(bill: &Bill, out: impl Write) -> io::Result<()> {
    let mut packed = flate2::write::GzEncoder::new(out, flate2::Compression::fast());
    to_csv(bill, &mut packed)?;
    packed.finish()?.flush()
}

fn schema() -> Arc<Schema> {
    let field = |name: &&str| {
        let kind = match *name {
            n if n.ends_with("PeriodStart") || n.ends_with("PeriodEnd") => {
                DataType::Timestamp(TimeUnit::Millisecond, Some("UTC".into()))
            }
            n if n.ends_with("Cost") || n.ends_with("Quantity") || n.ends_with("UnitPrice") => {
                DataType::Decimal128(18, SCALE)
            }
            _ => DataType::Utf8,
        };
        Field::new(*name, kind, true)
    };
    Arc::new(Schema::new(COLUMNS.iter().map(field).collect::<Vec<_>>()))
}

/// Writes the bill as Parquet (zstd), with `group_rows` rows in a row group.
pub fn to_parquet(bill: &Bill, out: impl Write + Send, group_rows: usize) -> Result<(), parquet::errors::ParquetError> {
    let level = ZstdLevel::try_new(1)?;
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(level))
        .set_max_row_group_row_count(Some(group_rows))
        .build();
    let mut writer = ArrowWriter::try_new(out, schema(), Some(properties))?;
    let mut all = rows(bill).peekable();
    while all.peek().is_some() {
        let some: Vec<Row> = all.by_ref().take(ROWS_PER_BATCH).collect();
        writer.write(&batch(bill, &some)?)?;
    }
    writer.close()?;
    Ok(())
}

fn batch(bill: &Bill, rows: &[Row]) -> Result<RecordBatch, parquet::errors::ParquetError> {
    let column = |name: &&str| -> Result<ArrayRef, parquet::errors::ParquetError> {
        let texts =
            |f: &dyn Fn(&Row) -> Option<String>| Arc::new(rows.iter().map(f).collect::<StringArray>()) as ArrayRef;
        let nums = |f: &dyn Fn(&Row) -> Option<i64>| -> Result<ArrayRef, parquet::errors::ParquetError> {
            let all: Decimal128Array = rows.iter().map(|r| f(r).map(i128::from)).collect();
            Ok(Arc::new(all.with_precision_and_scale(18, SCALE)?))
        };
        let times = |f: &dyn Fn(&Row) -> i64| {
            Arc::new(
                TimestampMillisecondArray::from_iter_values(rows.iter().map(|r| f(r) * 1_000)).with_timezone("UTC"),
            ) as ArrayRef
        };
        let own = |s: &str| Some(s.to_owned());
        Ok(match *name {
            "BillingPeriodStart" => times(&|r| r.billing.0),
            "BillingPeriodEnd" => times(&|r| r.billing.1),
            "ChargePeriodStart" => times(&|r| r.charge.0),
            "ChargePeriodEnd" => times(&|r| r.charge.1),
            "ConsumedQuantity" => nums(&|r| r.consumed_micro)?,
            "PricingQuantity" => nums(&|r| Some(r.priced_micro))?,
            "ListUnitPrice" => nums(&|r| Some(r.price_micro))?,
            "ListCost" => nums(&|r| Some(r.list_cost_micro))?,
            "ContractedCost" | "BilledCost" | "EffectiveCost" => nums(&|r| Some(r.cost_micro))?,
            "BillingAccountId" => texts(&|r| own(&r.account)),
            "BillingAccountName" => texts(&|_| own("模拟企业")),
            "SubAccountId" => texts(&|r| own(&r.sub_account)),
            "InvoiceId" => texts(&|r| Some(format!("INV-{}-{}", r.account, crate::when::Month::at(r.billing.0, 480)))),
            "ChargeCategory" => texts(&|r| own(r.category)),
            "ChargeClass" => texts(&|r| r.class.map(str::to_owned)),
            "ChargeFrequency" => texts(&|r| own(r.frequency)),
            "ChargeDescription" => texts(&|r| Some(format!("{}，按量计费", SERVICES[r.service].0))),
            "ServiceName" => texts(&|r| own(SERVICES[r.service].0)),
            "ServiceCategory" => texts(&|r| own(SERVICES[r.service].1)),
            "ResourceId" => texts(&|r| r.resource.clone()),
            "ResourceType" => texts(&|r| r.resource.as_ref().map(|_| SERVICES[r.service].2.to_owned())),
            "ConsumedUnit" => texts(&|r| r.consumed_micro.map(|_| SERVICES[r.service].3.to_owned())),
            "PricingUnit" => texts(&|r| own(SERVICES[r.service].3)),
            "SkuId" => texts(&|r| own(SERVICES[r.service].4)),
            "RegionId" => texts(&|r| own(r.region)),
            "BillingCurrency" => texts(&|r| own(r.currency)),
            "Tags" => texts(&|r| own(r.tags)),
            _ => texts(&|_| own(&bill.provider)),
        })
    };
    let arrays = COLUMNS.iter().map(column).collect::<Result<Vec<_>, _>>()?;
    Ok(RecordBatch::try_new(schema(), arrays)?)
}
