//! Revokes a credential at once: its connections are cut with the commit (DV-5).

use kernel::Action;
use serde_json::json;
use store::Cx;

use crate::register_device::own_device;
use crate::store::{credentials as rows, devices};

store::refusals! {
    /// Why a credential is not revoked.
    pub enum RevokeCredentialError {}
}

/// Revokes it. One that is revoked already stays so.
pub async fn run(cx: &mut Cx, device_id: String, credential_id: String) -> Result<(), RevokeCredentialError> {
    let device = own_device(cx, &device_id, Action::ManageDevices).await?.ok_or(RevokeCredentialError::NotFound)?;
    let found = rows::credential(cx, &credential_id).await?.filter(|c| c.device_id == device.id);
    let found = found.ok_or(RevokeCredentialError::NotFound)?;
    if found.revoked_at.is_some() {
        return Ok(());
    }
    rows::revoke(cx, &credential_id).await?;
    devices::touch(cx, &device.id).await?;
    let after = json!({ "credential": credential_id, "revoked": true });
    cx.journal("devices.revoke_credential", &format!("device/{}", device.id), &found, &after).await?;
    Ok(())
}
