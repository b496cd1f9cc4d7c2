//! An application with a lake and a directory, an enterprise, products and devices to test with.

use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode, header};
use devices::publish_model::{self, PublishModel, PublishModelError, Published};
use devices::register_device::{self, RegisterDevice, RegisterDeviceError};
use devices::{Device, Live, sync_directory};
use kernel::{Actor, Calendar, Text, Uscc};
use lake::{Lake, LakeOptions};
use orgs::register::{self, Register};
use orgs::{OrgKind, StatedFacts};
use testkit::{TestBed, day, enterprise_owner};
use things::Directory;
use tower::ServiceExt;
use wal::LogOptions;
use wal::disk::FaultyDisk;
use web::{App, AppState, Site};

pub const MODEL: &str = r#"{"properties":[
  {"name":"temperature","label":{"zh":"温度","en":"Temperature"},"type":"number","unit":"°C","min":-40,"max":200,"report_every_s":10},
  {"name":"speed","label":{"zh":"转速","en":"Speed"},"type":"number","writable":true},
  {"name":"running","type":"flag"}],
 "commands":[{"name":"setSpeed","inputs":[{"name":"rpm","type":"number","min":0,"max":3000}],"timeout_s":5}]}"#;

/// The application of a bed.
pub fn app(bed: &TestBed) -> AppState {
    let options = LakeOptions {
        log: LogOptions { file_bytes: 1 << 20, waiting_bytes_max: 1 << 20, record_bytes_max: 1 << 20 },
        flush_bytes: 1 << 20,
        memory_bytes_max: 1 << 24,
        ..LakeOptions::new("6f1d1b5e-6f0f-4d6a-9a51-2f6f3c1a0002")
    };
    let (lake, _) = Lake::open(Arc::new(FaultyDisk::default()), Arc::new(FaultyDisk::default()), options).unwrap();
    let site = Site { name: Text::new("云津", "Yunjin"), ..Site::default() };
    let app = App::new(bed.db.clone(), bed.blobs.clone(), bed.folder().join("uploads"), site, Calendar::default());
    Arc::new(app.with(Arc::new(Directory::new())).with(Arc::new(lake)).with(Arc::new(Live::new())))
}

/// A registered enterprise; `n` makes its credit code.
pub async fn org(bed: &TestBed, n: u32) -> String {
    let cmd = Register {
        kind: OrgKind::Enterprise,
        uscc: Uscc::compose("91", "120116", &format!("MA{n:06}")).unwrap().as_str().to_owned(),
        name: format!("企业 {n}"),
        simulated: true,
        facts: StatedFacts { district: Some("120116".into()), ..StatedFacts::default() },
        facts_from: day("2018-01-01"),
        owner: None,
    };
    bed.write(&Actor::system(), |cx| Box::pin(register::run(cx, cmd))).await.unwrap().org_id
}

/// Publishes a model as the enterprise's owner.
pub async fn publish(
    bed: &TestBed,
    org_id: &str,
    product_id: Option<&str>,
    name: &str,
    model: &str,
) -> Result<Published, PublishModelError> {
    let cmd = PublishModel {
        product_id: product_id.map(str::to_owned),
        org_id: org_id.to_owned(),
        name: name.to_owned(),
        intro: String::new(),
        model_json: model.to_owned(),
        note: String::new(),
        move_devices: false,
    };
    bed.write(&enterprise_owner(org_id), |cx| Box::pin(publish_model::run(cx, cmd))).await
}

/// Registers a device of a product.
pub async fn register(bed: &TestBed, cmd: RegisterDevice) -> Result<Device, RegisterDeviceError> {
    let owner = enterprise_owner(&cmd.org_id);
    bed.write(&owner, |cx| Box::pin(register_device::run(cx, cmd))).await
}

pub fn named(org_id: &str, product_id: &str, name: &str) -> RegisterDevice {
    RegisterDevice {
        org_id: org_id.into(),
        product_id: product_id.into(),
        name: name.into(),
        ..RegisterDevice::default()
    }
}

/// A device with a token, known to the directory: its record and the token.
pub async fn device_with_token(bed: &TestBed, app: &AppState, org_id: &str, name: &str) -> (Device, String) {
    let product = match publish(bed, org_id, None, "车床", MODEL).await {
        Ok(done) => done.product.id,
        Err(_) => {
            let owner = enterprise_owner(org_id);
            let all = bed.read(&owner, |cx| Box::pin(async move { devices::read::product_list(cx, "", 9).await }));
            all.await.unwrap()[0].product.id.clone()
        }
    };
    let device = register(bed, named(org_id, &product, name)).await.unwrap();
    let token = token(bed, org_id, &device.id, None).await;
    sync_directory(app).await.unwrap();
    (device, token)
}

/// A new token.
pub async fn token(bed: &TestBed, org_id: &str, device_id: &str, others_end_after_s: Option<u32>) -> String {
    use devices::issue_credential::{self, IssueCredential, Proof};
    let cmd = IssueCredential { device_id: device_id.into(), proof: Proof::Token, others_end_after_s };
    let issued = bed.write(&enterprise_owner(org_id), |cx| Box::pin(issue_credential::run(cx, cmd))).await;
    issued.unwrap().token.unwrap()
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub location: String,
    pub mime: String,
    pub body: String,
}

pub async fn send(app: &AppState, actor: &Actor, request: Request<Body>) -> Answer {
    let router = web::test_router(devices::routes(), app.clone(), actor.clone());
    let response = router.oneshot(request).await.unwrap();
    let head = |name| response.headers().get(name).map_or("", |v| v.to_str().unwrap()).to_owned();
    let (status, location, mime) = (response.status(), head(header::LOCATION), head(header::CONTENT_TYPE));
    let bytes = to_bytes(response.into_body(), 1 << 24).await.unwrap();
    Answer { status, location, mime, body: String::from_utf8_lossy(&bytes).into_owned() }
}

pub async fn get(app: &AppState, actor: &Actor, path: &str, lang: &str) -> Answer {
    let request = Request::get(path).header("accept-language", lang).header("host", "plant.example:8080");
    send(app, actor, request.body(Body::empty()).unwrap()).await
}

pub async fn post(app: &AppState, actor: &Actor, path: &str, fields: &[(&str, &str)]) -> Answer {
    let mut body = "_csrf=test".to_owned();
    for (name, value) in fields {
        let escaped: String = value.bytes().map(|b| format!("%{b:02X}")).collect();
        body.push_str(&format!("&{name}={escaped}"));
    }
    let request = Request::post(path)
        .header("content-type", "application/x-www-form-urlencoded")
        .header("accept-language", "zh")
        .header("host", "plant.example:8080");
    send(app, actor, request.body(Body::from(body)).unwrap()).await
}

pub async fn api(app: &AppState, actor: &Actor, path: &str, key: &str, body: &str) -> Answer {
    let request = Request::post(path)
        .header("content-type", "application/json")
        .header("accept-language", "en")
        .header("idempotency-key", key);
    send(app, actor, request.body(Body::from(body.to_owned())).unwrap()).await
}
