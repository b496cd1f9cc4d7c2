//! Whom to tell: a contact is added, tried out, removed.

use kernel::{Action, Subject};
use serde::{Deserialize, Serialize};
use store::Cx;

use crate::deliver::webhook_url;
use crate::model::{Channel, Contact, Notice, NoticeKind, NoticeState, clean};
use crate::store::contacts;

/// Contacts of one organisation at most.
pub const CONTACTS_MAX: usize = 200;

/// What is stated.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SaveContact {
    /// Whose.
    #[serde(default)]
    pub org_id: String,
    /// A person's or a system's name.
    pub name: String,
    /// How.
    pub channel: Channel,
    /// URL or mail address.
    pub address: String,
}

store::refusals! {
    /// Why a contact is not kept.
    pub enum SaveContactError {
        /// Nobody.
        NameMissing {} = 422, "name-missing", field "name", zh "请填写名称（50 字以内）。",
            en "State a name of at most 50 characters.";
        /// Not a URL that may be called.
        UrlUnusable { why: String } = 422, "url-unusable", field "address", zh "网址不可用：{why}", en "The URL cannot be used: {why}";
        /// Not a mail address.
        MailUnusable {} = 422, "mail-address-unusable", field "address", zh "邮箱地址格式不正确。",
            en "This is not a mail address.";
        /// Too many.
        TooMany { contacts_max: usize } = 409, "too-many-contacts", zh "最多 {contacts_max} 个联系人。",
            en "At most {contacts_max} contacts.";
    }
}

/// A new contact; the secret of a webhook's signature is told here, once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedContact {
    /// `con_…`
    pub id: String,
    /// `whsec_…`, as Standard Webhooks writes it; empty for mail.
    pub secret: String,
}

/// Adds it.
pub async fn run(cx: &mut Cx, cmd: SaveContact) -> Result<SavedContact, SaveContactError> {
    if !cx.permits(Action::ManageAlarmRules, &Subject::org(&cmd.org_id)) {
        return Err(SaveContactError::Forbidden);
    }
    let (name, address) = (clean(cmd.name.trim()), cmd.address.trim().to_owned());
    if name.is_empty() || name.chars().count() > 50 {
        return Err(SaveContactError::NameMissing {});
    }
    match cmd.channel {
        Channel::Webhook => {
            webhook_url(&address).map_err(|why| SaveContactError::UrlUnusable { why })?;
        }
        Channel::Mail if address.parse::<lettre::Address>().is_err() => return Err(SaveContactError::MailUnusable {}),
        Channel::Mail => {}
    }
    if contacts::contacts_of(cx, &cmd.org_id).await?.len() >= CONTACTS_MAX {
        return Err(SaveContactError::TooMany { contacts_max: CONTACTS_MAX });
    }
    let id = cx.new_id("con");
    let (mut secret, mut concealed) = (String::new(), String::new());
    if cmd.channel == Channel::Webhook {
        let mut bytes = [0_u8; 24];
        cx.ids.fill(&mut bytes);
        secret = crate::deliver::secret_text(&bytes);
        concealed = cx.conceal(&format!("alarm-contact/{id}"), &secret)?;
    }
    let contact = Contact { id: id.clone(), org_id: cmd.org_id, name, channel: cmd.channel, address };
    contacts::add(cx, &contact, &concealed).await?;
    cx.journal("alarms.save_contact", &format!("alarm-contact/{id}"), &(), &contact).await?;
    Ok(SavedContact { id, secret })
}

async fn own(cx: &mut Cx, id: &str) -> Result<Contact, SaveContactError> {
    let contact = contacts::contact(cx, &clean(id)).await?.ok_or(SaveContactError::NotFound)?;
    match cx.permits(Action::ManageAlarmRules, &Subject::org(&contact.org_id)) {
        true => Ok(contact),
        false => Err(SaveContactError::NotFound),
    }
}

/// Removes it. Rules that name it go on without it.
pub async fn remove(cx: &mut Cx, id: String) -> Result<(), SaveContactError> {
    let contact = own(cx, &id).await?;
    contacts::remove(cx, &id).await?;
    cx.journal("alarms.remove_contact", &format!("alarm-contact/{id}"), &contact, &()).await?;
    Ok(())
}

/// Sends it a notice that says it is a test. Answers the notice's id.
pub async fn test(cx: &mut Cx, id: String) -> Result<String, SaveContactError> {
    let contact = own(cx, &id).await?;
    let id = cx.new_id("ntc");
    let body = serde_json::json!({
        "specversion": "1.0", "id": id, "source": "urn:yunjin:alarms", "type": "cn.yunjin.alarm.test",
        "time": cx.now.to_string(), "datacontenttype": "application/json",
        "data": { "summary": "云津报警通知测试 / A test of Yunjin's alarm notices" }
    });
    let notice = Notice {
        id: id.clone(),
        org_id: contact.org_id,
        contact_id: contact.id.clone(),
        contact_name: contact.name,
        alarm_id: String::new(),
        kind: NoticeKind::Test,
        body,
        state: NoticeState::Waiting,
        tries: 0,
        next_at: cx.now,
        last_error: String::new(),
        made_at: cx.now,
        sent_at: None,
    };
    contacts::put_notice(cx, &notice).await?;
    cx.journal("alarms.test_contact", &format!("alarm-contact/{}", contact.id), &(), &id).await?;
    Ok(id)
}
