//! Makes a product, or publishes the next version of its thing model; devices move to it at once or later.

use kernel::{Action, Subject};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::Cx;
use things::Model;

use crate::model::{ModelVersion, Product};
use crate::store::{devices as device_rows, products as rows};

/// The longest thing model, as JSON.
pub const MODEL_BYTES_MAX: usize = 1 << 20;
/// Names and notes.
pub(crate) const NAME_CHARS_MAX: usize = 60;
pub(crate) const NOTE_CHARS_MAX: usize = 1_000;

/// A new product, or a new version of one.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PublishModel {
    /// The product; `None` makes one.
    #[serde(default)]
    pub product_id: Option<String>,
    /// Whose it is.
    pub org_id: String,
    /// Its name.
    pub name: String,
    /// What it is.
    #[serde(default)]
    pub intro: String,
    /// The thing model, in our form or in Aliyun's or JetLinks's. Empty: for a new product a model that keeps whatever comes,
    /// else the model stays as it is.
    #[serde(default)]
    pub model_json: String,
    /// What is new in it.
    #[serde(default)]
    pub note: String,
    /// Move the product's devices to the new version at once.
    #[serde(default)]
    pub move_devices: bool,
}

store::refusals! {
    /// Why a product is not made or a version not published.
    pub enum PublishModelError {
        /// No name, or too long.
        NameWrong { chars_max: usize } = 422, "product-name-wrong", field "name",
            zh "请填写产品名称（1 至 {chars_max} 个字）。", en "Give the product a name of 1 to {chars_max} characters.";
        /// Another product of the organisation has it.
        NameTaken { name: String } = 409, "product-name-taken", field "name",
            zh "已有名为“{name}”的产品。", en "There is a product named {name} already.";
        /// Too much said.
        TooLong { chars_max: usize } = 422, "text-too-long", field "intro",
            zh "文字过长，最多 {chars_max} 字。", en "The text is too long: at most {chars_max} characters.";
        /// More than a model may be.
        ModelTooLarge { bytes_max: usize } = 422, "model-too-large", field "model_json",
            zh "物模型过大，上限 {bytes_max} 字节。", en "The thing model is too large: at most {bytes_max} bytes.";
        /// Everything that is wrong with the model.
        ModelWrong { zh: String, en: String } = 422, "model-wrong", field "model_json",
            zh "物模型有误：{zh}", en "The thing model is not right: {en}";
        /// It would break what is stored.
        Incompatible { zh: String, en: String } = 409, "model-incompatible", field "model_json",
            zh "新版本与已发布的版本不相容：{zh}", en "The new version does not follow the published one: {en}";
    }
}

/// What came of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Published {
    /// The product as it stands now.
    pub product: Product,
    /// Devices that moved to the new version.
    pub moved: u64,
}

fn words(e: &things::ModelError) -> (String, String) {
    let all = |lang| e.faults.iter().map(|f| f.words(lang)).collect::<Vec<_>>();
    (all(kernel::Lang::Zh).join("；"), all(kernel::Lang::En).join("; "))
}

/// Reads a model as it was sent; an empty text is the model that keeps whatever comes.
fn read_model(text: &str) -> Result<Model, PublishModelError> {
    if text.len() > MODEL_BYTES_MAX {
        return Err(PublishModelError::ModelTooLarge { bytes_max: MODEL_BYTES_MAX });
    }
    if text.trim().is_empty() {
        return Ok(Model::keep_all());
    }
    Model::from_json(text).map_err(|e| {
        let (zh, en) = words(&e);
        PublishModelError::ModelWrong { zh, en }
    })
}

/// Makes the product or the version. Publishing what already stands makes no version.
pub async fn run(cx: &mut Cx, cmd: PublishModel) -> Result<Published, PublishModelError> {
    if !cx.permits(Action::ManageDevices, &Subject::org(&cmd.org_id)) {
        return Err(PublishModelError::Forbidden);
    }
    let before = match &cmd.product_id {
        Some(id) => Some(rows::product(cx, id).await?.ok_or(PublishModelError::NotFound)?),
        None => None,
    };
    // Another organisation's product does not exist for this one.
    if before.as_ref().is_some_and(|b| b.org_id != cmd.org_id) {
        return Err(PublishModelError::NotFound);
    }
    let (name, intro) = (cmd.name.trim().to_owned(), cmd.intro.trim().to_owned());
    if name.is_empty() || name.chars().count() > NAME_CHARS_MAX {
        return Err(PublishModelError::NameWrong { chars_max: NAME_CHARS_MAX });
    }
    if intro.chars().count() > NOTE_CHARS_MAX || cmd.note.chars().count() > NOTE_CHARS_MAX {
        return Err(PublishModelError::TooLong { chars_max: NOTE_CHARS_MAX });
    }
    let same_name = rows::product_named(cx, &cmd.org_id, &name).await?;
    if same_name.is_some_and(|p| Some(&p.id) != cmd.product_id.as_ref()) {
        return Err(PublishModelError::NameTaken { name });
    }
    let latest = match &before {
        Some(b) => rows::version(cx, &b.id, b.version).await?,
        None => None,
    };
    let keeps_model = latest.is_some() && cmd.model_json.trim().is_empty();
    let model = match (&latest, keeps_model) {
        (Some(latest), true) => read_model(&latest.model_json)?,
        _ => read_model(&cmd.model_json)?,
    };
    follows(&model, latest.as_ref())?;
    let id = before.as_ref().map_or_else(|| cx.new_id("prd"), |b| b.id.clone());
    let version = before.as_ref().map_or(0, |b| b.version);
    let text = model.clone().published(&id, version + 1).to_json();
    let unchanged =
        latest.as_ref().is_some_and(|l| Model::from_json(&l.model_json).is_ok_and(|l| says_the_same(&l, &model)));
    let version = if unchanged { version } else { version + 1 };
    let created_at = before.as_ref().map_or(cx.now, |b| b.created_at);
    let after = Product { id, org_id: cmd.org_id, name, intro, version, created_at, updated_at: cx.now };
    rows::put_product(cx, &after).await?;
    if !unchanged {
        let by_name = cx.actor.name.clone();
        let row = ModelVersion {
            product_id: after.id.clone(),
            version,
            model_json: text,
            note: cmd.note.trim().to_owned(),
            by_name,
            at: cx.now,
        };
        rows::add_version(cx, &row).await?;
    }
    let moved = match cmd.move_devices {
        true => device_rows::move_to_version(cx, &after.id, version).await?,
        false => 0,
    };
    let object = format!("product/{}", after.id);
    cx.journal("devices.publish_model", &object, &before, &json!({ "product": after, "moved": moved })).await?;
    Ok(Published { product: after, moved })
}

/// TM-3: a property keeps its kind.
fn follows(model: &Model, latest: Option<&ModelVersion>) -> Result<(), PublishModelError> {
    let Some(latest) = latest.and_then(|l| Model::from_json(&l.model_json).ok()) else { return Ok(()) };
    model.check_follows(&latest).map_err(|e| {
        let (zh, en) = words(&e);
        PublishModelError::Incompatible { zh, en }
    })
}

fn says_the_same(a: &Model, b: &Model) -> bool {
    a.clone().published("", 0) == b.clone().published("", 0)
}
