//! Connects a machine in one step: a product if there is none yet, the device, its token.

use kernel::{Action, Subject};
use serde_json::json;
use store::Cx;

use crate::issue_credential::{self, IssueCredential, IssueCredentialError, Proof};
use crate::model::{Device, Product};
use crate::publish_model::{self, PublishModel, PublishModelError};
use crate::register_device::{self, RegisterDevice, RegisterDeviceError};
use crate::store::products;

/// A machine to connect.
#[derive(Clone, Debug)]
pub struct Connect {
    /// Whose it is.
    pub org_id: String,
    /// Its name.
    pub name: String,
    /// Where it stands.
    pub place: String,
    /// Of which product; empty for the general one, which keeps whatever comes and is made when it is missing.
    pub product_id: String,
    /// What the general product is called, in the language of who makes it.
    pub general_name: String,
}

/// A machine that can connect.
#[derive(Clone, Debug)]
pub struct Connected {
    /// The device.
    pub device: Device,
    /// Its token; shown this once.
    pub token: String,
}

store::refusals! {
    /// Why a machine is not connected.
    pub enum ConnectError {
        /// The product.
        Product { zh: String, en: String, code: &'static str } = 422, "connect-product", field "product_id", zh "{zh}", en "{en}";
        /// The device's name.
        Name { zh: String, en: String, code: &'static str } = 422, "connect-name", field "name", zh "{zh}", en "{en}";
        /// The device's place.
        Place { zh: String, en: String, code: &'static str } = 422, "connect-place", field "place", zh "{zh}", en "{en}";
    }
}

macro_rules! said {
    ($variant:ident, $e:expr) => {{
        let (zh, en) = (store::Refusal::message(&$e, kernel::Lang::Zh), store::Refusal::message(&$e, kernel::Lang::En));
        ConnectError::$variant { zh, en, code: store::Refusal::code(&$e) }
    }};
}

impl From<PublishModelError> for ConnectError {
    fn from(e: PublishModelError) -> ConnectError {
        match e {
            PublishModelError::Forbidden => ConnectError::Forbidden,
            PublishModelError::Store(e) => ConnectError::Store(e),
            e => said!(Product, e),
        }
    }
}

impl From<RegisterDeviceError> for ConnectError {
    fn from(e: RegisterDeviceError) -> ConnectError {
        match e {
            RegisterDeviceError::Forbidden => ConnectError::Forbidden,
            RegisterDeviceError::Store(e) => ConnectError::Store(e),
            e if store::Refusal::field(&e) == Some("place") => said!(Place, e),
            e if store::Refusal::field(&e) == Some("name") => said!(Name, e),
            e => said!(Product, e),
        }
    }
}

impl From<IssueCredentialError> for ConnectError {
    fn from(e: IssueCredentialError) -> ConnectError {
        match e {
            IssueCredentialError::Store(e) => ConnectError::Store(e),
            e => said!(Name, e),
        }
    }
}

/// Makes what is missing and answers the token.
pub async fn run(cx: &mut Cx, cmd: Connect) -> Result<Connected, ConnectError> {
    if !cx.permits(Action::ManageDevices, &Subject::org(&cmd.org_id)) {
        return Err(ConnectError::Forbidden);
    }
    let product_id = match cmd.product_id.is_empty() {
        false => cmd.product_id.clone(),
        true => general_product(cx, &cmd).await?.id,
    };
    let register = RegisterDevice {
        org_id: cmd.org_id,
        product_id,
        name: cmd.name,
        place: cmd.place,
        ..RegisterDevice::default()
    };
    let device = register_device::insert(cx, &register).await?;
    let issue = IssueCredential { device_id: device.id.clone(), proof: Proof::Token, others_end_after_s: None };
    let issued = issue_credential::insert(cx, &device, issue).await?;
    let after = json!({ "device": device, "credential": issued.row.id });
    cx.journal("devices.connect", &format!("device/{}", device.id), &(), &after).await?;
    Ok(Connected { device, token: issued.token.expect("a token was asked for") })
}

async fn general_product(cx: &mut Cx, cmd: &Connect) -> Result<Product, ConnectError> {
    if let Some(found) = products::product_named(cx, &cmd.org_id, &cmd.general_name).await? {
        return Ok(found);
    }
    let make = PublishModel {
        product_id: None,
        org_id: cmd.org_id.clone(),
        name: cmd.general_name.clone(),
        intro: String::new(),
        model_json: String::new(),
        note: String::new(),
        move_devices: false,
    };
    Ok(publish_model::run(cx, make).await?.product)
}
