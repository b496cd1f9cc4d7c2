//! The columns that statements are made of.

use crate::plan::Plan;

/// Names of the columns that are read in any case, in the order of [`Roles`].
pub(crate) const ROLE_COLUMNS: [&str; 18] = [
    "BillingAccountId",
    "SubAccountId",
    "ProviderName",
    "ServiceName",
    "ServiceCategory",
    "BillingCurrency",
    "ChargePeriodStart",
    "ChargePeriodEnd",
    "ChargeCategory",
    "ChargeClass",
    "CommitmentDiscountStatus",
    "ResourceId",
    "ConsumedQuantity",
    "ConsumedUnit",
    "PricingQuantity",
    "PricingUnit",
    "BilledCost",
    "EffectiveCost",
];

/// Their numbers in a plan.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Roles {
    pub account: usize,
    pub sub_account: usize,
    pub provider: usize,
    pub service: usize,
    pub category: usize,
    pub currency: usize,
    pub start: usize,
    pub end: usize,
    pub charge_category: usize,
    pub charge_class: usize,
    pub commitment_status: usize,
    pub resource: usize,
    pub consumed: usize,
    pub consumed_unit: usize,
    pub priced: usize,
    pub pricing_unit: usize,
    pub billed: usize,
    pub effective: usize,
}

impl Roles {
    pub(crate) fn of(plan: &Plan) -> Roles {
        let at = |name: &str| plan.column(name).expect("plans are compiled with all role columns");
        Roles {
            account: at("BillingAccountId"),
            sub_account: at("SubAccountId"),
            provider: at("ProviderName"),
            service: at("ServiceName"),
            category: at("ServiceCategory"),
            currency: at("BillingCurrency"),
            start: at("ChargePeriodStart"),
            end: at("ChargePeriodEnd"),
            charge_category: at("ChargeCategory"),
            charge_class: at("ChargeClass"),
            commitment_status: at("CommitmentDiscountStatus"),
            resource: at("ResourceId"),
            consumed: at("ConsumedQuantity"),
            consumed_unit: at("ConsumedUnit"),
            priced: at("PricingQuantity"),
            pricing_unit: at("PricingUnit"),
            billed: at("BilledCost"),
            effective: at("EffectiveCost"),
        }
    }
}
