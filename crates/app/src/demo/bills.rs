//! The simulated clouds' bills in FOCUS 1.2, one CSV file a provider and month.

use std::fmt::Write as _;

use anyhow::Result;
use jiff::civil::Date;
use kernel::Fen;

use super::scenario::Persona;
use super::world::World;

/// Columns of a bill, in order.
const COLUMNS: &str = "BillingAccountId,BillingAccountName,SubAccountId,ProviderName,PublisherName,InvoiceIssuerName,\
InvoiceId,BillingPeriodStart,BillingPeriodEnd,ChargePeriodStart,ChargePeriodEnd,ChargeCategory,ChargeClass,\
ChargeFrequency,ChargeDescription,ServiceCategory,ServiceName,ResourceId,ResourceType,SkuId,RegionId,ConsumedQuantity,\
ConsumedUnit,PricingQuantity,PricingUnit,ListUnitPrice,ListCost,ContractedCost,BilledCost,EffectiveCost,BillingCurrency,\
Tags";

/// Resources that a firm runs.
const RESOURCES: i64 = 2;

/// The billing account of a firm at its provider.
pub fn account_of(w: &World, firm: usize) -> String {
    let code = w.firms[firm].order.as_ref().map_or("", |b| w.story.providers[b.provider].code.as_str());
    format!("{code}-{firm:04}")
}

/// FOCUS's closed list of service categories, for a sub-item of our taxonomy.
fn category(sub_item: &str) -> &'static str {
    match sub_item {
        "infrastructure/computing" => "Compute",
        "infrastructure/storage" => "Storage",
        "infrastructure/security" => "Security",
        "infrastructure/network" => "Networking",
        "platform/database" => "Databases",
        "platform/big-data" => "Analytics",
        "platform/ai" => "AI and Machine Learning",
        "platform/iot" | "equipment/collection" | "equipment/diagnosis" => "Internet of Things",
        _ => "Business Applications",
    }
}

/// Midnight in China as FOCUS writes it: UTC with a Z.
fn instant(day: Date) -> String {
    kernel::beijing_midnight(day).strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// The bill of one provider for the month that begins on `month`. `shrunk` is a firm whose use was overstated before.
pub fn month_csv(w: &mut World, provider: usize, month: Date, shrunk: Option<usize>) -> Result<String> {
    let next = month.saturating_add(jiff::Span::new().months(1));
    let mut out = format!("{COLUMNS}\n");
    for n in 0..w.firms.len() {
        let Some(b) = w.firms[n].order.clone().filter(|b| b.provider == provider) else { continue };
        let last = b.starts_on.saturating_add(jiff::Span::new().months(b.months));
        if b.starts_on >= next || month >= last {
            continue;
        }
        let idle = w.firms[n].persona == Persona::Idle;
        let daily = Fen(b.contract.0 / (b.months * 30 * RESOURCES));
        let mut day = month.max(b.starts_on);
        while day < next && day < last {
            for r in 0..RESOURCES {
                let percent = 92 + i64::try_from(w.random.below(16))?;
                let cost = if shrunk == Some(n) { Fen(daily.0 / 5) } else { Fen(daily.0 * percent / 100) };
                // An idle firm has bought and never used: its bill has a purchase and no use.
                if !idle {
                    line(w, &mut out, n, r, month, next, day, cost)?;
                }
            }
            day = day.tomorrow()?;
        }
        if idle {
            purchase(w, &mut out, n, month, next, Fen(daily.0 * 30 * RESOURCES))?;
        }
    }
    Ok(out)
}

struct Names {
    account: String,
    provider: String,
    service: String,
    category: &'static str,
    sku: String,
    unit: String,
    invoice: String,
}

fn names(w: &World, n: usize, month: Date) -> Option<Names> {
    let b = w.firms[n].order.as_ref()?;
    let p = &w.story.providers[b.provider];
    let s = &p.services[b.service];
    let account = account_of(w, n);
    Some(Names {
        invoice: format!("INV-{account}-{}", month.strftime("%Y%m")),
        account,
        provider: p.name.clone(),
        service: s.name.zh.clone(),
        category: category(&s.sub_item),
        sku: s.sub_item.replace('/', "-"),
        unit: "Hours".into(),
    })
}

#[expect(clippy::too_many_arguments, reason = "a row of a bill has that many facts")]
fn line(
    w: &World,
    out: &mut String,
    n: usize,
    resource: i64,
    month: Date,
    next: Date,
    day: Date,
    cost: Fen,
) -> Result<()> {
    let Some(x) = names(w, n, month) else { return Ok(()) };
    let (from, to, cost) = (instant(day), instant(day.tomorrow()?), plain(cost));
    writeln!(
        out,
        "{a},模拟企业,{a}-s1,{p},{p},{p},{i},{ms},{me},{from},{to},Usage,,Usage-Based,{s}用量,{c},{s},res-{a}-{resource},\
         {c},{k},cn-tianjin,24,{u},24,{u},{unit_price},{cost},{cost},{cost},{cost},CNY,",
        a = x.account,
        p = x.provider,
        i = x.invoice,
        ms = instant(month),
        me = instant(next),
        s = x.service,
        c = x.category,
        k = x.sku,
        u = x.unit,
        unit_price = plain_over(&cost, 24),
    )?;
    Ok(())
}

fn purchase(w: &World, out: &mut String, n: usize, month: Date, next: Date, cost: Fen) -> Result<()> {
    let Some(x) = names(w, n, month) else { return Ok(()) };
    let cost = plain(cost);
    writeln!(
        out,
        "{a},模拟企业,{a}-s1,{p},{p},{p},{i},{ms},{me},{ms},{me},Purchase,,Recurring,{s}包月,{c},{s},,,{k},cn-tianjin,,,1,Months,\
         {cost},{cost},{cost},{cost},{cost},CNY,",
        a = x.account,
        p = x.provider,
        i = x.invoice,
        ms = instant(month),
        me = instant(next),
        s = x.service,
        c = x.category,
        k = x.sku,
    )?;
    Ok(())
}

fn plain(f: Fen) -> String {
    f.yuan().replace(',', "")
}

/// A cost over a whole number of units, with six decimals.
fn plain_over(cost: &str, units: i64) -> String {
    let fen = Fen::parse_yuan(cost).map_or(0, |f| f.0);
    let micro = fen * 10_000 / units;
    format!("{}.{:06}", micro / 1_000_000, micro % 1_000_000)
}
