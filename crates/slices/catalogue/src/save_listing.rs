//! A provider writes its listing: who it is, how to reach it, what it promises to take off its list prices.

use kernel::{Action, Percent, Subject, Text};
use serde::{Deserialize, Serialize};
use store::Cx;

use crate::model::{Listing, ListingState, Service, WHOLE_BP};
use crate::store as rows;

/// What the provider states.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct SaveListing {
    /// The provider.
    pub provider_id: String,
    /// Who it is; Chinese is required, English may stay empty.
    #[schema(value_type = web::TextBody)]
    pub intro: Text,
    /// How an enterprise reaches it.
    pub contact: String,
    /// Promised discount on every list price, in basis points.
    pub discount_bp: i64,
}

store::refusals! {
    /// Why a listing is not saved.
    pub enum SaveListingError {
        /// The organisation is not registered as a provider.
        NotAProvider {} = 409, "not-a-provider", zh "该单位不是以服务商身份注册的，不能入驻服务目录。",
            en "This organisation is not registered as a provider and cannot be listed.";
        /// Nothing said.
        IntroMissing {} = 422, "intro-missing", field "intro_zh", zh "请用中文介绍本单位。",
            en "Introduce your organisation in Chinese; enterprises read it first.";
        /// Nobody to call.
        ContactMissing {} = 422, "contact-missing", field "contact", zh "请填写联系方式（电话或邮箱）。",
            en "State how enterprises reach you: a telephone number or an address.";
        /// Not a rate.
        DiscountOutOfRange { stated: Percent } = 422, "discount-out-of-range", field "discount_bp",
            zh "承诺优惠须在 0 至 100% 之间（不含 100%），所填为 {stated}。",
            en "The promised discount must be from 0 to below 100 %; {stated} was stated.";
        /// A promise on which enterprises chose the provider is not taken back while it is listed (CT-3).
        PromiseLowered { promised: Percent, stated: Percent } = 409, "promise-lowered", field "discount_bp",
            zh "入驻期间不能降低承诺优惠（已承诺 {promised}，现填 {stated}）。如需降低，请先申请退出目录。",
            en "A promised discount is not lowered while you are listed ({promised} promised, {stated} stated). Leave the catalogue first.";
        /// Too long to be read.
        TooLong { found_chars: usize, chars_max: usize } = 422, "text-too-long", field "intro_zh",
            zh "文字过长：{found_chars} 字，上限 {chars_max} 字。",
            en "The text is too long: {found_chars} characters, at most {chars_max}.";
    }
}

/// Introductions and descriptions are read in a list, not studied.
pub const TEXT_CHARS_MAX: usize = 4_000;

fn check(cmd: &SaveListing) -> Result<(), SaveListingError> {
    if cmd.intro.zh.trim().is_empty() {
        return Err(SaveListingError::IntroMissing {});
    }
    let found_chars = cmd.intro.zh.chars().count().max(cmd.intro.en.chars().count());
    if found_chars > TEXT_CHARS_MAX {
        return Err(SaveListingError::TooLong { found_chars, chars_max: TEXT_CHARS_MAX });
    }
    if cmd.contact.trim().is_empty() {
        return Err(SaveListingError::ContactMissing {});
    }
    if !(0..WHOLE_BP).contains(&cmd.discount_bp) {
        return Err(SaveListingError::DiscountOutOfRange { stated: Percent(cmd.discount_bp) });
    }
    Ok(())
}

/// Saves the listing; a first save begins it as a draft. Raising the promise raises the discount of every service
/// that stood below it, each as a new version (CT-2, CT-3).
pub async fn run(cx: &mut Cx, cmd: SaveListing) -> Result<Listing, SaveListingError> {
    if !cx.permits(Action::EditListing, &Subject::org(&cmd.provider_id)) {
        return Err(SaveListingError::Forbidden);
    }
    let org = orgs::find(cx, &cmd.provider_id).await?.ok_or(SaveListingError::NotFound)?;
    if org.kind != orgs::OrgKind::Provider {
        return Err(SaveListingError::NotAProvider {});
    }
    check(&cmd)?;
    let before = rows::listing(cx, &cmd.provider_id).await?;
    if let Some(b) = &before {
        let bound = matches!(b.state, ListingState::Listed | ListingState::Suspended);
        if bound && cmd.discount_bp < b.discount_bp {
            return Err(SaveListingError::PromiseLowered {
                promised: Percent(b.discount_bp),
                stated: Percent(cmd.discount_bp),
            });
        }
    }
    let after = Listing {
        provider_id: cmd.provider_id,
        intro: Text::new(cmd.intro.zh.trim(), cmd.intro.en.trim()),
        contact: cmd.contact.trim().to_owned(),
        discount_bp: cmd.discount_bp,
        state: before.as_ref().map_or(ListingState::Draft, |b| b.state),
        created_at: before.as_ref().map_or(cx.now, |b| b.created_at),
        updated_at: cx.now,
        submitted_at: before.as_ref().and_then(|b| b.submitted_at),
    };
    rows::put_listing(cx, &after).await?;
    raise_services(cx, &after).await?;
    cx.journal("catalogue.save_listing", &format!("listing/{}", after.provider_id), &before, &after).await?;
    Ok(after)
}

async fn raise_services(cx: &mut Cx, listing: &Listing) -> Result<(), SaveListingError> {
    for before in rows::services_of(cx, &listing.provider_id).await? {
        if before.offer.discount_bp >= listing.discount_bp {
            continue;
        }
        let mut after = Service { version: before.version + 1, at: cx.now, ..before.clone() };
        after.offer.discount_bp = listing.discount_bp;
        rows::put_service(cx, &after).await?;
        cx.journal("catalogue.raise_discount", &format!("service/{}", after.id), &before, &after).await?;
    }
    Ok(())
}
