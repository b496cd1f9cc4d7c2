//! A provider adds a service or changes one. Every change makes a new version; orders refer to theirs.

use kernel::{Action, Fen, Percent, Subject};
use serde::{Deserialize, Serialize};
use store::Cx;

use crate::model::{Offer, Service, ServiceState, WHOLE_BP};
use crate::save_listing::TEXT_CHARS_MAX;
use crate::store as rows;

/// What is offered.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct SaveService {
    /// The service to change; `None` adds one.
    pub service_id: Option<String>,
    /// Who offers it.
    pub provider_id: String,
    /// What is offered.
    #[serde(flatten)]
    pub offer: Offer,
}

/// A unit that costs more a month is a slip of the keyboard: ten million yuan.
pub const LIST_PRICE_FEN_MAX: Fen = Fen::from_yuan(10_000_000);

store::refusals! {
    /// Why a service is not saved.
    pub enum SaveServiceError {
        /// The listing comes first.
        NoListing {} = 409, "no-listing", zh "请先填写入驻资料，再添加服务。",
            en "Write your listing before you add services.";
        /// Not in the taxonomy.
        UnknownSubItem { code: String } = 422, "unknown-sub-item", field "sub_item",
            zh "请选择服务所属的上云子项（{code} 不在目录中）。",
            en "Choose the sub-item of cloud service; {code} is not one.";
        /// No name.
        NameMissing {} = 422, "name-missing", field "name_zh", zh "请填写服务的中文名称。",
            en "Give the service a Chinese name.";
        /// No unit.
        UnitMissing {} = 422, "unit-missing", field "unit_zh", zh "请填写计价单位，如“台”“用户”“套”。",
            en "State what one quantity is: a host, a user, a set.";
        /// Nothing said.
        DescriptionMissing {} = 422, "description-missing", field "description_zh",
            zh "请用中文说明服务内容，企业据此检索和选择。",
            en "Describe the service in Chinese; enterprises search and choose by it.";
        /// Too long to be read.
        TooLong { found_chars: usize, chars_max: usize } = 422, "text-too-long", field "description_zh",
            zh "文字过长：{found_chars} 字，上限 {chars_max} 字。",
            en "The text is too long: {found_chars} characters, at most {chars_max}.";
        /// Not a price.
        PriceOutOfRange { price: Fen, price_max: Fen } = 422, "price-out-of-range", field "list_price_fen",
            zh "目录价须大于 0 且不超过 {price_max}，所填为 {price}。",
            en "The list price must be above zero and at most {price_max}; {price} was stated.";
        /// Less off than the listing promises (CT-3).
        DiscountBelowPromise { promised: Percent, stated: Percent } = 422, "discount-below-promise", field "discount_bp",
            zh "优惠不能低于入驻时承诺的 {promised}，所填为 {stated}。",
            en "The discount may not be below the {promised} that your listing promises; {stated} was stated.";
        /// Not a rate.
        DiscountOutOfRange { stated: Percent } = 422, "discount-out-of-range", field "discount_bp",
            zh "优惠须低于 100%，所填为 {stated}。",
            en "The discount must be below 100 %; {stated} was stated.";
    }
}

fn check(offer: &Offer, promised_bp: i64) -> Result<(), SaveServiceError> {
    if kernel::sub_item(&offer.sub_item).is_none() {
        return Err(SaveServiceError::UnknownSubItem { code: offer.sub_item.clone() });
    }
    if offer.name.zh.trim().is_empty() {
        return Err(SaveServiceError::NameMissing {});
    }
    if offer.unit.zh.trim().is_empty() {
        return Err(SaveServiceError::UnitMissing {});
    }
    if offer.description.zh.trim().is_empty() {
        return Err(SaveServiceError::DescriptionMissing {});
    }
    let texts = [&offer.name.zh, &offer.name.en, &offer.description.zh, &offer.description.en];
    let found_chars = texts.into_iter().map(|t| t.chars().count()).max().unwrap_or(0);
    if found_chars > TEXT_CHARS_MAX {
        return Err(SaveServiceError::TooLong { found_chars, chars_max: TEXT_CHARS_MAX });
    }
    if offer.list_price_fen <= Fen::ZERO || offer.list_price_fen > LIST_PRICE_FEN_MAX {
        return Err(SaveServiceError::PriceOutOfRange { price: offer.list_price_fen, price_max: LIST_PRICE_FEN_MAX });
    }
    if offer.discount_bp < promised_bp {
        return Err(SaveServiceError::DiscountBelowPromise {
            promised: Percent(promised_bp),
            stated: Percent(offer.discount_bp),
        });
    }
    if offer.discount_bp >= WHOLE_BP {
        return Err(SaveServiceError::DiscountOutOfRange { stated: Percent(offer.discount_bp) });
    }
    Ok(())
}

fn trimmed(mut offer: Offer) -> Offer {
    for text in [&mut offer.name, &mut offer.description, &mut offer.unit] {
        text.zh = text.zh.trim().to_owned();
        text.en = text.en.trim().to_owned();
    }
    offer
}

/// Adds the service or makes its next version. Saving what already stands changes nothing and makes no version.
pub async fn run(cx: &mut Cx, cmd: SaveService) -> Result<Service, SaveServiceError> {
    if !cx.permits(Action::EditListing, &Subject::org(&cmd.provider_id)) {
        return Err(SaveServiceError::Forbidden);
    }
    let listing = rows::listing(cx, &cmd.provider_id).await?.ok_or(SaveServiceError::NoListing {})?;
    check(&cmd.offer, listing.discount_bp)?;
    let before = match &cmd.service_id {
        Some(id) => Some(rows::service(cx, id).await?.ok_or(SaveServiceError::NotFound)?),
        None => None,
    };
    // Another provider's service does not exist for this one.
    if before.as_ref().is_some_and(|b| b.provider_id != cmd.provider_id) {
        return Err(SaveServiceError::NotFound);
    }
    let offer = trimmed(cmd.offer);
    if let Some(b) = before.as_ref().filter(|b| b.offer == offer) {
        return Ok(b.clone());
    }
    let after = Service {
        id: before.as_ref().map_or_else(|| cx.new_id("svc"), |b| b.id.clone()),
        provider_id: cmd.provider_id,
        state: before.as_ref().map_or(ServiceState::Active, |b| b.state),
        version: before.as_ref().map_or(1, |b| b.version + 1),
        offer,
        at: cx.now,
    };
    rows::put_service(cx, &after).await?;
    cx.journal("catalogue.save_service", &format!("service/{}", after.id), &before, &after).await?;
    Ok(after)
}
