//! Gives a device something to prove itself with. What is secret is answered once and stored as a hash (DV-4).

use base64::Engine;
use jiff::SignedDuration;
use kernel::{Action, IdSource};
use serde_json::json;
use store::Cx;
use things::directory::token_digest;

use crate::model::{CredentialKind, CredentialRow, Device, DeviceState};
use crate::register_device::own_device;
use crate::store::{credentials as rows, devices};

/// What the device will show.
#[derive(Clone, Debug)]
pub enum Proof {
    /// A new random token.
    Token,
    /// A user name and the hash of a password, from [`hash`].
    Password {
        /// Unique in the whole platform.
        user: String,
        /// argon2id
        hash: String,
    },
    /// The SHA-256 of a client certificate.
    Certificate {
        /// 64 hex digits; colons and spaces between them are passed over.
        fingerprint: String,
    },
}

/// A credential to issue.
#[derive(Clone, Debug)]
pub struct IssueCredential {
    /// For which device.
    pub device_id: String,
    /// What it will show.
    pub proof: Proof,
    /// A rotation: what the device showed so far holds for so many more seconds (0: it ends at once). `None` leaves it alone.
    pub others_end_after_s: Option<u32>,
}

/// One that was just made.
#[derive(Clone, Debug)]
pub struct Issued {
    /// The token itself; shown this once.
    pub token: Option<String>,
    /// The rest.
    pub row: CredentialRow,
}

/// Credentials that a device may hold at the same time.
pub const CREDENTIALS_MAX: usize = 10;
/// The longest overlap of a rotation: thirty days.
pub const OVERLAP_S_MAX: u32 = 30 * 86_400;
/// The shortest password of a device: nobody types it often.
pub const PASSWORD_CHARS_MIN: usize = 12;

store::refusals! {
    /// Why a credential is not issued.
    pub enum IssueCredentialError {
        /// Enough.
        TooMany { credentials_max: usize } = 409, "credential-too-many",
            zh "一台设备最多同时持有 {credentials_max} 个凭证。请先吊销不用的。", en "A device holds at most {credentials_max} credentials at a time. Revoke one first.";
        /// Somebody has it.
        Taken {} = 409, "credential-taken", field "user_name",
            zh "该用户名或证书已被使用，请换一个。", en "This user name or certificate is in use already: choose another.";
        /// Not a user name.
        UserWrong {} = 422, "user-name-wrong", field "user_name",
            zh "用户名应为 4 至 64 个字母、数字或 . _ - @。", en "A user name has 4 to 64 letters, digits or . _ - @.";
        /// Too easy.
        PasswordShort { chars_min: usize } = 422, "password-too-short", field "password",
            zh "设备密码至少 {chars_min} 个字符。", en "A device's password has at least {chars_min} characters.";
        /// Not a fingerprint.
        FingerprintWrong {} = 422, "fingerprint-wrong", field "fingerprint",
            zh "请填写证书的 SHA-256 指纹：64 位十六进制数。", en "Give the SHA-256 of the certificate: 64 hexadecimal digits.";
        /// Too long an overlap.
        OverlapWrong { seconds_max: u32 } = 422, "overlap-wrong", field "others_end_after_s",
            zh "新旧凭证并存最多 {seconds_max} 秒。", en "Old and new hold together for at most {seconds_max} seconds.";
        /// It is gone.
        Retired {} = 409, "device-retired",
            zh "设备已退役。", en "The device is retired.";
    }
}

/// Checks and hashes a password; slow by design, so not inside a transaction.
pub fn hash(password: &str, random: &mut IdSource) -> Result<String, IssueCredentialError> {
    if password.chars().count() < PASSWORD_CHARS_MIN {
        return Err(IssueCredentialError::PasswordShort { chars_min: PASSWORD_CHARS_MIN });
    }
    let mut salt = [0u8; 16];
    random.fill(&mut salt);
    Ok(things::hash_password(password, &salt))
}

fn last_four(secret: &str) -> String {
    let from = secret.char_indices().rev().nth(3).map_or(0, |(i, _)| i);
    format!("…{}", &secret[from..])
}

/// What is stored, what tells it apart, and what is shown once.
struct Made {
    kind: CredentialKind,
    secret: String,
    user_name: Option<String>,
    hint: String,
    token: Option<String>,
}

fn make(proof: Proof, ids: &mut IdSource) -> Result<Made, IssueCredentialError> {
    match proof {
        Proof::Token => {
            let mut bytes = [0u8; 32];
            ids.fill(&mut bytes);
            let token = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes);
            let (secret, hint) = (hex::encode(token_digest(&token)), last_four(&token));
            Ok(Made { kind: CredentialKind::Token, secret, user_name: None, hint, token: Some(token) })
        }
        Proof::Password { user, hash } => {
            let user = user.trim().to_owned();
            let sign = |c: char| c.is_ascii_alphanumeric() || ".-_@".contains(c);
            if !(4..=64).contains(&user.len()) || !user.chars().all(sign) {
                return Err(IssueCredentialError::UserWrong {});
            }
            let hint = user.clone();
            Ok(Made { kind: CredentialKind::Password, secret: hash, user_name: Some(user), hint, token: None })
        }
        Proof::Certificate { fingerprint } => {
            let digits: String = fingerprint.chars().filter(|c| !c.is_whitespace() && *c != ':').collect();
            let secret = digits.to_lowercase();
            if hex::decode(&secret).map_or(0, |b| b.len()) != 32 {
                return Err(IssueCredentialError::FingerprintWrong {});
            }
            let hint = last_four(&secret);
            Ok(Made { kind: CredentialKind::Certificate, secret, user_name: None, hint, token: None })
        }
    }
}

/// Issues it, without a journal row of its own.
pub(crate) async fn insert(cx: &mut Cx, device: &Device, cmd: IssueCredential) -> Result<Issued, IssueCredentialError> {
    if device.state == DeviceState::Retired {
        return Err(IssueCredentialError::Retired {});
    }
    if cmd.others_end_after_s.is_some_and(|s| s > OVERLAP_S_MAX) {
        return Err(IssueCredentialError::OverlapWrong { seconds_max: OVERLAP_S_MAX });
    }
    let now = cx.now;
    let held = rows::of_device(cx, &device.id).await?.iter().filter(|c| c.holds(now)).count();
    if held >= CREDENTIALS_MAX {
        return Err(IssueCredentialError::TooMany { credentials_max: CREDENTIALS_MAX });
    }
    let made = make(cmd.proof, &mut cx.ids)?;
    if rows::is_taken(cx, made.kind, &made.secret, made.user_name.as_deref()).await? {
        return Err(IssueCredentialError::Taken {});
    }
    let row = CredentialRow {
        id: cx.new_id("crd"),
        device_id: device.id.clone(),
        kind: made.kind,
        user_name: made.user_name,
        hint: made.hint,
        created_at: now,
        until: None,
        revoked_at: None,
        by_name: cx.actor.name.clone(),
    };
    rows::add(cx, &row, &made.secret).await?;
    if let Some(seconds) = cmd.others_end_after_s {
        let until = now.checked_add(SignedDuration::from_secs(i64::from(seconds))).unwrap_or(now);
        rows::end_others(cx, &device.id, made.kind, &row.id, until).await?;
    }
    devices::touch(cx, &device.id).await?;
    Ok(Issued { token: made.token, row })
}

/// Issues it. Not idempotent: an answer that is kept for a repetition would keep the secret.
pub async fn run(cx: &mut Cx, cmd: IssueCredential) -> Result<Issued, IssueCredentialError> {
    let device = own_device(cx, &cmd.device_id, Action::ManageDevices).await?;
    let device = device.ok_or(IssueCredentialError::NotFound)?;
    let others = cmd.others_end_after_s;
    let issued = insert(cx, &device, cmd).await?;
    let after = json!({ "credential": issued.row.id, "kind": issued.row.kind, "hint": issued.row.hint,
                        "others_end_after_s": others });
    cx.journal("devices.issue_credential", &format!("device/{}", device.id), &(), &after).await?;
    Ok(issued)
}
