//! An enterprise orders a service, with or without a voucher. The money is held before anybody is promised anything.

use jiff::Span;
use jiff::civil::Date;
use kernel::{Action, Fen, Subject, Text};
use serde::{Deserialize, Serialize};
use store::{Cx, StoreError};
use vouchers::{Voucher, VoucherState};

use crate::model::{Order, OrderState};
use crate::rules::shares::{self, Shares, Terms};
use crate::store as rows;

/// Most units of one order.
pub const QUANTITY_MAX: i64 = 100_000;
/// Longest time of one order: the length of the programme.
pub const MONTHS_MAX: i64 = 36;
/// An order begins at most so many days ahead.
pub const START_AHEAD_DAYS_MAX: i64 = 366;

/// What is ordered.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Place {
    /// Who orders.
    pub enterprise_id: String,
    /// Which service.
    pub service_id: String,
    /// The version whose price the enterprise saw; `None` takes what stands.
    pub service_version: Option<i64>,
    /// The voucher to spend; `None` pays all of it oneself.
    pub voucher_id: Option<String>,
    /// How much of the voucher to use at most; `None` uses as much as the rate allows.
    #[schema(value_type = Option<i64>)]
    pub public_max_fen: Option<Fen>,
    /// The public share that the enterprise was shown before it agreed; `None` takes what follows from the voucher.
    #[serde(default)]
    #[schema(value_type = Option<i64>)]
    pub public_seen_fen: Option<Fen>,
    /// Units.
    pub quantity: i64,
    /// Months.
    pub months: i64,
    /// First day of use.
    #[schema(value_type = String, format = Date)]
    pub starts_on: Date,
}

store::refusals! {
    /// Why an order is not placed.
    pub enum PlaceError {
        /// No such service.
        ServiceUnknown {} = 404, "service-unknown", field "service_id", zh "没有找到该服务，可能已更换。请回到服务目录重新选择。",
            en "There is no such service. Choose again from the catalogue.";
        /// No longer on offer.
        ServiceWithdrawn {} = 409, "service-withdrawn", field "service_id", zh "该服务已下架，不能下单。请回到服务目录选择其他服务。",
            en "This service is no longer offered. Choose another from the catalogue.";
        /// Its provider is not in the catalogue.
        ProviderNotListed {} = 409, "provider-not-listed", field "service_id",
            zh "该服务商目前未入驻服务目录（或已暂停），不能向其下单。",
            en "The provider is not listed in the catalogue at present and cannot take orders.";
        /// The price moved since the enterprise saw it.
        PriceChanged { seen: i64, stands: i64, price: Fen } = 409, "price-changed", field "service_id",
            zh "该服务的价格已更新（您看到的是第 {seen} 版，现为第 {stands} 版，目录价 {price}）。请核对新价格后再提交。",
            en "The price changed since you saw it (version {seen}; now version {stands}, list price {price}). Check it and submit again.";
        /// Too few or too many.
        QuantityOutOfRange { quantity: i64, quantity_max: i64 } = 422, "quantity-out-of-range", field "quantity",
            zh "数量须为 1 至 {quantity_max} 的整数，所填为 {quantity}。",
            en "The quantity must be from 1 to {quantity_max}; {quantity} was stated.";
        /// Too short or too long.
        MonthsOutOfRange { months: i64, months_max: i64 } = 422, "months-out-of-range", field "months",
            zh "使用期须为 1 至 {months_max} 个月，所填为 {months}。",
            en "The time of use must be from 1 to {months_max} months; {months} was stated.";
        /// Not a day on which an order can begin.
        StartOutOfRange { starts_on: Date, earliest: Date, latest: Date } = 422, "start-out-of-range", field "starts_on",
            zh "开始日期须在 {earliest} 至 {latest} 之间，所填为 {starts_on}。",
            en "The first day must be from {earliest} to {latest}; {starts_on} was stated.";
        /// More money than there is.
        AmountTooLarge {} = 422, "amount-too-large", field "quantity", zh "订单金额过大，请减少数量或月数。",
            en "The order's amount is too large; order fewer units or months.";
        /// Somebody else's, or none.
        VoucherNotYours {} = 409, "voucher-not-yours", field "voucher_id",
            zh "没有找到这张云惠券，或它不属于贵单位。", en "There is no such voucher, or it is not your organisation's.";
        /// Its days are over.
        VoucherExpired { expires_on: Date } = 409, "voucher-expired", field "voucher_id",
            zh "该云惠券已于 {expires_on} 到期，不能使用。", en "This voucher expired on {expires_on} and cannot be used.";
        /// All of it is held or settled.
        VoucherSpent { state_zh: &'static str, state_en: &'static str } = 409, "voucher-spent", field "voucher_id",
            zh "该云惠券已无可用余额（{state_zh}）：已被其他订单占用或核销。可取消占用它的订单，或不用券下单。",
            en "Nothing of this voucher is left to spend ({state_en}): other orders hold it or have used it. Cancel one of them, or order without it.";
        /// Less is left than the enterprise was shown.
        VoucherChanged { seen: Fen, now: Fen } = 409, "voucher-changed", field "voucher_id",
            zh "云惠券余额已变化：您看到的政府补贴为 {seen}，现为 {now}。请核对新的三方分担后再提交。",
            en "The voucher changed meanwhile: you saw a public share of {seen}, it is now {now}. Check the new shares and submit again.";
        /// Stopped or taken back.
        VoucherStopped { state_zh: &'static str, state_en: &'static str } = 409, "voucher-stopped", field "voucher_id",
            zh "该云惠券当前状态为“{state_zh}”，不能使用。", en "This voucher is {state_en} and cannot be used.";
        /// Nothing for the public to pay.
        PublicShareZero {} = 422, "public-share-zero", field "public_max_fen",
            zh "按此金额政府补贴为 0，请不用券下单，或提高使用额度。",
            en "The public share would be zero. Order without the voucher, or use more of it.";
        /// A negative limit.
        PublicMaxNegative { stated: Fen } = 422, "public-max-negative", field "public_max_fen",
            zh "用券额度不能为负，所填为 {stated}。", en "What is used of the voucher cannot be negative; {stated} was stated.";
        /// The quota of this provider in the batch.
        ProviderQuotaExceeded { remaining: Fen, asked: Fen } = 409, "provider-quota-exceeded", field "public_max_fen",
            zh "该服务商在本批次的额度只剩 {remaining}，本单需 {asked}。可把用券额度降到余额以内，或另选服务商。",
            en "This provider has {remaining} left of its quota in the batch; the order asks {asked}. Use less of the voucher, or choose another provider.";
        /// The voucher's own rules, in its words.
        VoucherRefused { zh: String, en: String } = 409, "voucher-refused", field "voucher_id", zh "{zh}", en "{en}";
    }
}

/// What an order would be, before anybody is bound by it: for the page that asks "is this right?".
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Quote {
    /// Who delivers.
    pub provider_id: String,
    /// The service's name.
    #[schema(value_type = Object)]
    pub service_name: Text,
    /// What one quantity is.
    #[schema(value_type = Object)]
    pub unit: Text,
    /// The version whose price this is.
    pub service_version: i64,
    /// Sub-item.
    pub sub_item: String,
    /// List price of a unit and month.
    #[schema(value_type = i64)]
    pub list_price_fen: Fen,
    /// What the platform takes off.
    pub discount_bp: i64,
    /// What the public pays at most, of the contract amount.
    pub rate_bp: i64,
    /// Who pays what.
    pub shares: Shares,
    /// First day.
    #[schema(value_type = String, format = Date)]
    pub starts_on: Date,
    /// Last day.
    #[schema(value_type = String, format = Date)]
    pub ends_on: Date,
    /// The voucher.
    pub voucher: Option<QuotedVoucher>,
}

/// The voucher that a quote spends.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct QuotedVoucher {
    /// Id.
    pub id: String,
    /// The number that people read.
    pub number: String,
    /// Its batch.
    pub batch_id: String,
    /// Its programme.
    pub programme_id: String,
    /// From which district's quota.
    pub district: String,
    /// Last day.
    #[schema(value_type = String, format = Date)]
    pub expires_on: Date,
    /// What can still be spent of it.
    #[schema(value_type = i64)]
    pub remaining_fen: Fen,
}

/// The last day of `months` months from `starts_on`.
pub(crate) fn last_day(starts_on: Date, months: i64) -> Option<Date> {
    starts_on.checked_add(Span::new().months(months)).ok()?.yesterday().ok()
}

fn check(cmd: &Place, today: Date) -> Result<Date, PlaceError> {
    if !(1..=QUANTITY_MAX).contains(&cmd.quantity) {
        return Err(PlaceError::QuantityOutOfRange { quantity: cmd.quantity, quantity_max: QUANTITY_MAX });
    }
    if !(1..=MONTHS_MAX).contains(&cmd.months) {
        return Err(PlaceError::MonthsOutOfRange { months: cmd.months, months_max: MONTHS_MAX });
    }
    let latest = today.saturating_add(Span::new().days(START_AHEAD_DAYS_MAX));
    let out = PlaceError::StartOutOfRange { starts_on: cmd.starts_on, earliest: today, latest };
    if !(today..=latest).contains(&cmd.starts_on) {
        return Err(out);
    }
    if let Some(stated) = cmd.public_max_fen.filter(|f| *f < Fen::ZERO) {
        return Err(PlaceError::PublicMaxNegative { stated });
    }
    last_day(cmd.starts_on, cmd.months).ok_or(out)
}

/// May this voucher be spent by this enterprise today? Pure.
fn check_voucher(v: &Voucher, enterprise_id: &str, today: Date) -> Result<(), PlaceError> {
    if v.org_id != enterprise_id {
        return Err(PlaceError::VoucherNotYours {});
    }
    let (state_zh, state_en) = (v.state.label(kernel::Lang::Zh), v.state.label(kernel::Lang::En));
    match v.state {
        VoucherState::Expired => Err(PlaceError::VoucherExpired { expires_on: v.expires_on }),
        VoucherState::Used => Err(PlaceError::VoucherSpent { state_zh, state_en }),
        VoucherState::Cancelled | VoucherState::Frozen => Err(PlaceError::VoucherStopped { state_zh, state_en }),
        VoucherState::Issued | VoucherState::Reserved if today > v.expires_on => {
            Err(PlaceError::VoucherExpired { expires_on: v.expires_on })
        }
        VoucherState::Issued | VoucherState::Reserved => Ok(()),
    }
}

/// What is spent on which terms, once the voucher is found fit.
pub(crate) struct Spending {
    pub voucher: Option<QuotedVoucher>,
    pub rate_bp: i64,
    pub public_max_fen: Fen,
}

pub(crate) async fn spending(cx: &mut Cx, cmd: &Place, provider_id: &str) -> Result<Spending, PlaceError> {
    let Some(voucher_id) = &cmd.voucher_id else {
        return Ok(Spending { voucher: None, rate_bp: 0, public_max_fen: Fen::ZERO });
    };
    let today = cx.today();
    let v = vouchers::voucher(cx, voucher_id).await?.ok_or(PlaceError::VoucherNotYours {})?;
    check_voucher(&v, &cmd.enterprise_id, today)?;
    let batch = vouchers::batch(cx, &v.batch_id).await?;
    let batch = batch.ok_or_else(|| StoreError::Missing(format!("batch {} of voucher {}", v.batch_id, v.id)))?;
    let left = vouchers::remainders(cx, voucher_id, provider_id, today).await?;
    let remaining_fen = left.map_or(Fen::ZERO, |r| r.voucher_fen);
    if remaining_fen <= Fen::ZERO {
        let (state_zh, state_en) = (v.state.label(kernel::Lang::Zh), v.state.label(kernel::Lang::En));
        return Err(PlaceError::VoucherSpent { state_zh, state_en });
    }
    let voucher = QuotedVoucher {
        id: v.id,
        number: v.number,
        batch_id: v.batch_id,
        programme_id: v.programme_id,
        district: v.district,
        expires_on: v.expires_on,
        remaining_fen,
    };
    let public_max_fen = cmd.public_max_fen.unwrap_or(remaining_fen).min(remaining_fen);
    Ok(Spending { voucher: Some(voucher), rate_bp: batch.rate_bp, public_max_fen })
}

/// Works out an order without placing it.
pub async fn quote(cx: &mut Cx, cmd: &Place) -> Result<Quote, PlaceError> {
    if !cx.permits(Action::PlaceOrder, &Subject::org(&cmd.enterprise_id)) {
        return Err(PlaceError::Forbidden);
    }
    let ends_on = check(cmd, cx.today())?;
    let service = catalogue::service(cx, &cmd.service_id).await?.ok_or(PlaceError::ServiceUnknown {})?;
    if service.state == catalogue::ServiceState::Withdrawn {
        return Err(PlaceError::ServiceWithdrawn {});
    }
    let listing = catalogue::listing(cx, &service.provider_id).await?;
    if listing.is_none_or(|l| l.state != catalogue::ListingState::Listed) {
        return Err(PlaceError::ProviderNotListed {});
    }
    if let Some(seen) = cmd.service_version.filter(|v| *v != service.version) {
        let price = service.offer.list_price_fen;
        return Err(PlaceError::PriceChanged { seen, stands: service.version, price });
    }
    let spending = spending(cx, cmd, &service.provider_id).await?;
    let terms = Terms {
        list_price_fen: service.offer.list_price_fen,
        quantity: cmd.quantity,
        months: cmd.months,
        discount_bp: service.offer.discount_bp,
        rate_bp: spending.rate_bp,
        public_max_fen: spending.public_max_fen,
    };
    let shares = shares::split(terms).ok_or(PlaceError::AmountTooLarge {})?;
    if spending.voucher.is_some() && shares.public_fen <= Fen::ZERO {
        return Err(PlaceError::PublicShareZero {});
    }
    if let Some(seen) = cmd.public_seen_fen.filter(|seen| *seen != shares.public_fen) {
        return Err(PlaceError::VoucherChanged { seen, now: shares.public_fen });
    }
    Ok(Quote {
        provider_id: service.provider_id,
        service_name: service.offer.name,
        unit: service.offer.unit,
        service_version: service.version,
        sub_item: service.offer.sub_item,
        list_price_fen: terms.list_price_fen,
        discount_bp: terms.discount_bp,
        rate_bp: terms.rate_bp,
        shares,
        starts_on: cmd.starts_on,
        ends_on,
        voucher: spending.voucher,
    })
}

/// Places the order and holds the public share on the voucher, both or neither (OD-3).
pub async fn run(cx: &mut Cx, cmd: Place) -> Result<Order, PlaceError> {
    let q = quote(cx, &cmd).await?;
    let own_district = orgs::find(cx, &cmd.enterprise_id).await?.ok_or(PlaceError::NotFound)?.district;
    let order = Order {
        id: cx.new_id("ord"),
        number: rows::next_number(cx).await?,
        enterprise_id: cmd.enterprise_id,
        provider_id: q.provider_id,
        service_id: cmd.service_id,
        service_version: q.service_version,
        sub_item: q.sub_item,
        district: q.voucher.as_ref().map(|v| v.district.clone()).or(own_district),
        batch_id: q.voucher.as_ref().map(|v| v.batch_id.clone()),
        programme_id: q.voucher.as_ref().map(|v| v.programme_id.clone()),
        voucher_id: q.voucher.map(|v| v.id),
        quantity: cmd.quantity,
        months: cmd.months,
        discount_bp: q.discount_bp,
        rate_bp: q.rate_bp,
        list_fen: q.shares.list_fen,
        platform_share_fen: q.shares.platform_fen,
        public_share_fen: q.shares.public_fen,
        own_share_fen: q.shares.own_fen,
        state: OrderState::Placed,
        starts_on: q.starts_on,
        ends_on: q.ends_on,
        placed_at: cx.now,
        confirmed_at: None,
        ended_at: None,
        end_reason: String::new(),
    };
    crate::hold::reserve(cx, &order).await?;
    rows::put(cx, &order).await?;
    cx.journal("orders.place", &format!("order/{}", order.id), &(), &order).await?;
    Ok(order)
}
