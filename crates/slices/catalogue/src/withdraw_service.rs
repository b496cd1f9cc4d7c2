//! A provider takes a service off offer, or puts it back.

use kernel::{Action, Subject};
use store::Cx;

use crate::model::{Service, ServiceState};
use crate::store as rows;

store::refusals! {
    /// Why a service's state does not change.
    pub enum WithdrawServiceError {
        /// It is so already.
        AlreadySo { state: &'static str } = 409, "service-already-so", zh "该服务已处于“{state}”状态。",
            en "The service is already {state}.";
    }
}

/// Sets whether the service is on offer. Running orders are not touched.
pub async fn run(cx: &mut Cx, service_id: String, state: ServiceState) -> Result<Service, WithdrawServiceError> {
    let before = rows::service(cx, &service_id).await?.ok_or(WithdrawServiceError::NotFound)?;
    if !cx.permits(Action::EditListing, &Subject::org(&before.provider_id)) {
        return Err(WithdrawServiceError::Forbidden);
    }
    if before.state == state {
        return Err(WithdrawServiceError::AlreadySo { state: state.code() });
    }
    rows::set_service_state(cx, &service_id, state).await?;
    let after = Service { state, ..before.clone() };
    cx.journal("catalogue.withdraw_service", &format!("service/{service_id}"), &before, &after).await?;
    Ok(after)
}
