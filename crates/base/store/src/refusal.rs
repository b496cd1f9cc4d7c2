//! Refusals: every one has a stable name, an HTTP status and its words in both languages, said where it is defined.

use kernel::Lang;

use crate::StoreError;

/// A refusal of a use case, ready to be shown on a page, in the API, in the CLI or in a job's log.
pub trait Refusal: std::error::Error + Send + Sync + 'static {
    /// Stable name, such as `voucher-too-small`.
    fn code(&self) -> &'static str;
    /// HTTP status.
    fn status(&self) -> u16;
    /// What, where, why and what to do, in the reader's language.
    fn message(&self, lang: Lang) -> String;
    /// The form field it is about, if it is about one.
    fn field(&self) -> Option<&'static str> {
        None
    }
}

impl Refusal for StoreError {
    fn code(&self) -> &'static str {
        match self {
            StoreError::IdempotencyConflict => "idempotency-conflict",
            StoreError::CommitFailed(_) => "not-stored",
            _ => "internal",
        }
    }
    fn status(&self) -> u16 {
        match self {
            StoreError::IdempotencyConflict => 422,
            StoreError::CommitFailed(_) => 503,
            _ => 500,
        }
    }
    fn message(&self, lang: Lang) -> String {
        let (zh, en) = match self {
            StoreError::IdempotencyConflict => (
                "同一提交标识已用于另一内容。请返回并重新打开表单。",
                "This submission key was already used for other content. Go back and open the form again.",
            ),
            StoreError::CommitFailed(_) => (
                "未能保存，请稍后重试；没有任何内容被部分保存。",
                "It could not be saved. Nothing was half-saved; please try again.",
            ),
            _ => (
                "系统内部错误，操作未生效。请稍后重试；如仍出现，请把页面上的编号告知管理员。",
                "An internal fault; nothing was changed. Try again, and if it persists give the administrator the number shown.",
            ),
        };
        lang.t(zh, en).to_owned()
    }
}

/// Defines a use case's refusals: one enum, each variant with its status, name and words in both languages.
///
/// `Forbidden`, `NotFound` and `Store` are added to each.
///
/// ```
/// store::refusals! {
///     /// Why an order is not placed.
///     pub enum PlaceOrderError {
///         /// The voucher has less left than is asked.
///         VoucherTooSmall { remaining: kernel::Fen, asked: kernel::Fen } = 409, "voucher-too-small", field "amount",
///             zh "云惠券余额{remaining}，不足{asked}。", en "The voucher has {remaining} left, less than {asked}.";
///         /// Not within its days.
///         VoucherExpired {} = 409, "voucher-expired", zh "云惠券已过期。", en "The voucher has expired.";
///     }
/// }
/// ```
#[macro_export]
macro_rules! refusals {
    (
        $(#[$doc:meta])*
        pub enum $name:ident {
            $(
                $(#[$vdoc:meta])*
                $variant:ident { $($f:ident : $t:ty),* $(,)? } = $status:literal, $code:literal,
                    $(field $field:literal,)? zh $zh:literal, en $en:literal;
            )*
        }
    ) => {
        $(#[$doc])*
        #[derive(Debug)]
        pub enum $name {
            $(
                $(#[$vdoc])*
                $variant {
                    $(
                        #[doc = concat!("See the text: `", stringify!($f), "`.")]
                        $f: $t
                    ),*
                },
            )*
            /// The permission table does not let this actor do it.
            Forbidden,
            /// There is no such thing, or none that this actor may see.
            NotFound,
            /// The records failed.
            Store($crate::StoreError),
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&$crate::Refusal::message(self, kernel::Lang::En))
            }
        }

        impl std::error::Error for $name {}

        impl From<$crate::StoreError> for $name {
            fn from(e: $crate::StoreError) -> Self { $name::Store(e) }
        }

        impl $crate::Refusal for $name {
            fn code(&self) -> &'static str {
                match self {
                    $($name::$variant { .. } => $code,)*
                    $name::Forbidden => "forbidden",
                    $name::NotFound => "not-found",
                    $name::Store(e) => $crate::Refusal::code(e),
                }
            }
            fn status(&self) -> u16 {
                match self {
                    $($name::$variant { .. } => $status,)*
                    $name::Forbidden => 403,
                    $name::NotFound => 404,
                    $name::Store(e) => $crate::Refusal::status(e),
                }
            }
            fn message(&self, lang: kernel::Lang) -> String {
                match (lang, self) {
                    $((kernel::Lang::Zh, $name::$variant { $($f),* }) => { $(let _ = &$f;)* format!($zh) })*
                    $((kernel::Lang::En, $name::$variant { $($f),* }) => { $(let _ = &$f;)* format!($en) })*
                    (_, $name::Forbidden) => lang.t("您的身份无权进行此操作。", "Your role does not allow this.").to_owned(),
                    (_, $name::NotFound) => lang.t("没有找到该记录，或您无权查看。", "There is no such record, or you may not see it.").to_owned(),
                    (_, $name::Store(e)) => $crate::Refusal::message(e, lang),
                }
            }
            fn field(&self) -> Option<&'static str> {
                #[allow(unreachable_patterns, reason = "an enum may have no field at all")]
                match self {
                    $($name::$variant { .. } => { None::<&'static str> $(.or(Some($field)))? })*
                    _ => None,
                }
            }
        }
    };
}
