//! Who is admitted: every device, its credentials and its counters in memory, so that no message costs a statement.
//!
//! The devices slice puts records in after its commits; the listener and the HTTP routes look them up. Lookups allocate nothing.
//! What is taken away takes effect at once: a connection keeps its [`Admitted`] and asks [`Admitted::holds`] with each packet,
//! and [`Directory::generation`] moves with every change, so that idle connections can be swept when it has moved.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use arc_swap::{ArcSwap, Guard};
use argon2::password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString};
use foldhash::quality::RandomState;
use sha2::{Digest, Sha256};

use crate::{Counters, Model, Reason, Refused, Which};

/// How a device proves who it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Credential {
    /// SHA-256 of a token of 32 random bytes: nothing to guess, so no slow hash is needed.
    Token([u8; 32]),
    /// A user name, unique in the whole platform, and the argon2id hash of its password (PHC text).
    Password {
        /// The user name.
        user: String,
        /// `$argon2id$…`
        hash: String,
    },
    /// SHA-256 of the client certificate (DER).
    Certificate([u8; 32]),
}

/// A credential as recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CredentialRecord {
    /// Its record's id.
    pub id: String,
    /// The proof.
    pub credential: Credential,
    /// Until when it holds; a rotated one holds for a while beside its successor. `None` for no end.
    pub until_us: Option<i64>,
}

/// A device as recorded.
#[derive(Clone, Debug)]
pub struct DeviceRecord {
    /// Its id, unique in the platform.
    pub id: String,
    /// The organisation it belongs to.
    pub org_id: String,
    /// Its name, unique within the organisation.
    pub name: String,
    /// The thing model of its version.
    pub model: Arc<Model>,
    /// The gateway it stands behind.
    pub gateway: Option<String>,
    /// Do others stand behind it?
    pub is_gateway: bool,
    /// Switched off by a person.
    pub disabled: bool,
    /// All that hold.
    pub credentials: Vec<CredentialRecord>,
}

/// What can change about a device while its messages are read.
#[derive(Debug)]
pub struct Facts {
    /// Its name.
    pub name: Arc<str>,
    /// Its thing model.
    pub model: Arc<Model>,
    /// The id of the gateway it stands behind.
    pub gateway: Option<Arc<str>>,
    /// Do others stand behind it?
    pub is_gateway: bool,
    slots: Arc<Slots>,
}

/// Series numbers of the lake by property, so that each name is looked up once.
#[derive(Debug)]
struct Slots {
    declared: Box<[AtomicU32]>,
    others: RwLock<HashMap<Box<str>, u32, RandomState>>,
}

const NO_SERIES: u32 = u32::MAX;
/// Properties outside the model that one device may bring: a name made of random words must not fill the memory.
pub const OTHERS_MAX: usize = 256;

impl Facts {
    /// The lake's number of a property's series; `name_series` is asked once for each property.
    pub fn series(&self, which: &Which, name_series: impl FnOnce(&str) -> u32) -> Result<u32, Refused> {
        let name = match which {
            Which::Declared(index) => {
                let slot = &self.slots.declared[usize::from(*index)];
                let known = slot.load(Ordering::Relaxed);
                if known == NO_SERIES {
                    let series = name_series(&self.model.properties()[usize::from(*index)].name);
                    slot.store(series, Ordering::Relaxed);
                    return Ok(series);
                }
                return Ok(known);
            }
            Which::Other(name) => name,
        };
        if let Some(known) = self.slots.others.read().unwrap_or_else(PoisonError::into_inner).get(name) {
            return Ok(*known);
        }
        let mut others = self.slots.others.write().unwrap_or_else(PoisonError::into_inner);
        if others.len() >= OTHERS_MAX && !others.contains_key(name) {
            return Err(Refused::new(Reason::TooManyProperties, format!("> {OTHERS_MAX}")));
        }
        Ok(*others.entry(name.clone()).or_insert_with(|| name_series(name)))
    }
}

/// One device, for as long as the process runs: counters outlive changes of its record.
#[derive(Debug)]
pub struct DeviceEntry {
    /// Its id.
    pub id: Arc<str>,
    /// The organisation it belongs to.
    pub org_id: Arc<str>,
    /// Switched off by a person, or gone.
    pub disabled: AtomicBool,
    /// What it sent and what became of it.
    pub counters: Counters,
    facts: ArcSwap<Facts>,
}

impl Facts {
    /// Names of properties outside the model that it brought since the process began, in order.
    pub fn other_names(&self) -> Vec<String> {
        let others = self.slots.others.read().unwrap_or_else(PoisonError::into_inner);
        let mut names: Vec<String> = others.keys().map(|name| name.to_string()).collect();
        names.sort();
        names
    }
}

impl DeviceEntry {
    /// Name, model and gateway as they are now.
    pub fn facts(&self) -> Guard<Arc<Facts>> {
        self.facts.load()
    }

    /// May it send now?
    pub fn is_active(&self) -> bool {
        !self.disabled.load(Ordering::Acquire)
    }
}

/// A credential that was shown and holds.
#[derive(Debug)]
pub struct Pass {
    /// Its record's id.
    pub id: Arc<str>,
    revoked: AtomicBool,
    until_us: AtomicI64,
}

/// A device that proved who it is, and by what.
#[derive(Clone, Debug)]
pub struct Admitted {
    /// The device.
    pub device: Arc<DeviceEntry>,
    /// The credential it showed.
    pub pass: Arc<Pass>,
}

impl Admitted {
    /// Does it still hold: not revoked, not over, the device not disabled? Two atomic loads.
    pub fn holds(&self, now_us: i64) -> bool {
        self.device.is_active()
            && !self.pass.revoked.load(Ordering::Acquire)
            && now_us < self.pass.until_us.load(Ordering::Acquire)
    }
}

struct Password {
    admitted: Admitted,
    hash: String,
    /// SHA-256 of hash and password after the slow check once succeeded: a reconnect of thousands must not take minutes.
    verified: OnceLock<[u8; 32]>,
}

enum Key {
    Token([u8; 32]),
    User(Box<str>),
    Certificate([u8; 32]),
}

struct Slot {
    entry: Arc<DeviceEntry>,
    passes: Vec<(Arc<Pass>, Key)>,
}

type Map<K, V> = HashMap<K, V, RandomState>;

#[derive(Default)]
struct Maps {
    devices: Map<Arc<str>, Slot>,
    tokens: Map<[u8; 32], Admitted>,
    certificates: Map<[u8; 32], Admitted>,
    users: Map<Box<str>, Arc<Password>>,
    children: Map<Arc<str>, Map<Arc<str>, Arc<DeviceEntry>>>,
    names: Map<Arc<str>, Map<Arc<str>, Arc<DeviceEntry>>>,
}

/// All devices of the platform.
#[derive(Default)]
pub struct Directory {
    maps: RwLock<Maps>,
    generation: AtomicU64,
    /// Slow password checks run one after the other: a storm of wrong passwords takes one core and 19 MiB, not all.
    slow: Mutex<()>,
}

impl Directory {
    /// Nobody yet.
    pub fn new() -> Directory {
        Directory::default()
    }

    fn read(&self) -> RwLockReadGuard<'_, Maps> {
        self.maps.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Maps> {
        self.maps.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Moves with every change of a record; a connection that sees it moved asks [`Admitted::holds`] again.
    pub fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    /// Who shows this token?
    pub fn by_token(&self, token: &str, now_us: i64) -> Option<Admitted> {
        let found = self.read().tokens.get(&token_digest(token)).cloned();
        found.filter(|admitted| admitted.holds(now_us))
    }

    /// Who shows this client certificate (SHA-256 of its DER)?
    pub fn by_certificate(&self, sha256: &[u8; 32], now_us: i64) -> Option<Admitted> {
        let found = self.read().certificates.get(sha256).cloned();
        found.filter(|admitted| admitted.holds(now_us))
    }

    /// Who has this name and password? Takes some 20 ms for a password not seen before in this process: call it where
    /// blocking is allowed.
    pub fn by_password(&self, user: &str, password: &str, now_us: i64) -> Option<Admitted> {
        let found = self.read().users.get(user).cloned()?;
        if !found.admitted.holds(now_us) {
            return None;
        }
        let digest: [u8; 32] = Sha256::new().chain_update(&found.hash).chain_update(password).finalize().into();
        if let Some(verified) = found.verified.get() {
            // One hash has one password, so another one is wrong without the slow check.
            return (*verified == digest).then(|| found.admitted.clone());
        }
        let _one_at_a_time = self.slow.lock().unwrap_or_else(PoisonError::into_inner);
        let hash = PasswordHash::new(&found.hash).ok()?;
        argon2::Argon2::default().verify_password(password.as_bytes(), &hash).ok()?;
        found.verified.set(digest).ok();
        Some(found.admitted.clone()).filter(|admitted| admitted.holds(now_us))
    }

    /// The device of this name behind a gateway. One that is disabled is found too: the caller refuses it by name.
    pub fn child(&self, gateway_id: &str, name: &str) -> Option<Arc<DeviceEntry>> {
        self.read().children.get(gateway_id)?.get(name).cloned()
    }

    /// All devices behind a gateway.
    pub fn children(&self, gateway_id: &str) -> Vec<Arc<DeviceEntry>> {
        self.read().children.get(gateway_id).map(|c| c.values().cloned().collect()).unwrap_or_default()
    }

    /// The device of this name in an organisation.
    pub fn by_name(&self, org_id: &str, name: &str) -> Option<Arc<DeviceEntry>> {
        self.read().names.get(org_id)?.get(name).cloned()
    }

    /// A device by its id.
    pub fn by_id(&self, id: &str) -> Option<Arc<DeviceEntry>> {
        self.read().devices.get(id).map(|slot| slot.entry.clone())
    }

    /// Every device.
    pub fn all(&self) -> Vec<Arc<DeviceEntry>> {
        self.read().devices.values().map(|slot| slot.entry.clone()).collect()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.read().devices.len()
    }

    /// Is there none?
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Takes a record in, new or changed. Credentials that it no longer has are revoked at once; those it still has keep
    /// their connections.
    pub fn put(&self, record: DeviceRecord) -> Arc<DeviceEntry> {
        let mut maps = self.write();
        let entry = maps.entry(&record);
        entry.disabled.store(record.disabled, Ordering::Release);
        maps.set_credentials(&entry, record.credentials);
        drop(maps);
        self.generation.fetch_add(1, Ordering::AcqRel);
        entry
    }

    /// Takes a device out; its open connections no longer hold.
    pub fn remove(&self, id: &str) {
        let mut maps = self.write();
        if let Some(slot) = maps.devices.get(id) {
            let entry = slot.entry.clone();
            entry.disabled.store(true, Ordering::Release);
            maps.set_credentials(&entry, vec![]);
            maps.unlink(&entry);
            maps.devices.remove(id);
        }
        drop(maps);
        self.generation.fetch_add(1, Ordering::AcqRel);
    }
}

impl Maps {
    /// The entry of a record, with its facts and its place behind a gateway up to date.
    fn entry(&mut self, record: &DeviceRecord) -> Arc<DeviceEntry> {
        let Some(slot) = self.devices.get(record.id.as_str()) else {
            let id: Arc<str> = record.id.as_str().into();
            let entry = Arc::new(DeviceEntry {
                id: id.clone(),
                org_id: record.org_id.as_str().into(),
                disabled: AtomicBool::new(record.disabled),
                counters: Counters::default(),
                facts: ArcSwap::from_pointee(facts(record, None)),
            });
            self.devices.insert(id, Slot { entry: entry.clone(), passes: vec![] });
            self.link(&entry);
            return entry;
        };
        let entry = slot.entry.clone();
        self.unlink(&entry);
        let before = entry.facts.load_full();
        entry.facts.store(Arc::new(facts(record, Some(&before))));
        self.link(&entry);
        entry
    }

    fn link(&mut self, entry: &Arc<DeviceEntry>) {
        let facts = entry.facts();
        self.names.entry(entry.org_id.clone()).or_default().insert(facts.name.clone(), entry.clone());
        if let Some(gateway) = &facts.gateway {
            self.children.entry(gateway.clone()).or_default().insert(facts.name.clone(), entry.clone());
        }
    }

    fn unlink(&mut self, entry: &Arc<DeviceEntry>) {
        let facts = entry.facts();
        remove_named(&mut self.names, &entry.org_id, &facts.name, entry);
        if let Some(gateway) = &facts.gateway {
            remove_named(&mut self.children, gateway, &facts.name, entry);
        }
    }

    fn set_credentials(&mut self, entry: &Arc<DeviceEntry>, records: Vec<CredentialRecord>) {
        let slot = self.devices.get_mut(&*entry.id).expect("an entry stands under its id");
        let before = std::mem::take(&mut slot.passes);
        let mut kept = Vec::with_capacity(records.len());
        let mut users = Vec::new();
        for record in &records {
            let pass = before.iter().find(|(p, _)| *p.id == *record.id).map(|(p, _)| p.clone());
            let pass = pass.unwrap_or_else(|| {
                Arc::new(Pass {
                    id: record.id.as_str().into(),
                    revoked: AtomicBool::new(false),
                    until_us: AtomicI64::new(i64::MAX),
                })
            });
            pass.until_us.store(record.until_us.unwrap_or(i64::MAX), Ordering::Release);
            kept.push((pass, key(&record.credential)));
        }
        for (pass, key) in before {
            if !kept.iter().any(|(k, _)| Arc::ptr_eq(k, &pass)) {
                pass.revoked.store(true, Ordering::Release);
            }
            match key {
                Key::Token(digest) => drop(self.tokens.remove(&digest)),
                Key::Certificate(digest) => drop(self.certificates.remove(&digest)),
                Key::User(user) => users.extend(self.users.remove(&user)),
            }
        }
        for (record, (pass, _)) in records.into_iter().zip(&kept) {
            let admitted = Admitted { device: entry.clone(), pass: pass.clone() };
            match record.credential {
                Credential::Token(digest) => drop(self.tokens.insert(digest, admitted)),
                Credential::Certificate(digest) => drop(self.certificates.insert(digest, admitted)),
                Credential::Password { user, hash } => {
                    // The same hash keeps its verified digest; a new one is checked slowly once.
                    let same = users.iter().find(|u| u.hash == hash && Arc::ptr_eq(&u.admitted.pass, pass)).cloned();
                    let fresh = || Arc::new(Password { admitted, hash, verified: OnceLock::new() });
                    self.users.insert(user.into(), same.unwrap_or_else(fresh));
                }
            }
        }
        self.devices.get_mut(&*entry.id).expect("it was there above").passes = kept;
    }
}

/// Takes an entry out of a map of maps, unless another device has its name by now: two may swap names in one change.
fn remove_named(
    maps: &mut Map<Arc<str>, Map<Arc<str>, Arc<DeviceEntry>>>,
    outer: &str,
    name: &str,
    entry: &Arc<DeviceEntry>,
) {
    let Some(inner) = maps.get_mut(outer) else { return };
    if inner.get(name).is_some_and(|e| Arc::ptr_eq(e, entry)) {
        inner.remove(name);
    }
    if inner.is_empty() {
        maps.remove(outer);
    }
}

fn key(credential: &Credential) -> Key {
    match credential {
        Credential::Token(digest) => Key::Token(*digest),
        Credential::Certificate(digest) => Key::Certificate(*digest),
        Credential::Password { user, .. } => Key::User(user.as_str().into()),
    }
}

fn facts(record: &DeviceRecord, before: Option<&Facts>) -> Facts {
    let same = before.filter(|b| b.model == record.model);
    let slots = same.map(|b| b.slots.clone()).unwrap_or_else(|| {
        let declared = record.model.properties().iter().map(|_| AtomicU32::new(NO_SERIES)).collect();
        Arc::new(Slots { declared, others: RwLock::default() })
    });
    Facts {
        name: record.name.as_str().into(),
        model: record.model.clone(),
        gateway: record.gateway.as_deref().map(Arc::from),
        is_gateway: record.is_gateway,
        slots,
    }
}

/// What is kept of a token.
pub fn token_digest(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

/// The argon2id hash of a device's password, as PHC text. The salt is the caller's randomness.
pub fn hash_password(password: &str, salt: &[u8; 16]) -> String {
    let salt = SaltString::encode_b64(salt).expect("16 bytes are a valid salt");
    argon2::Argon2::default()
        .hash_password(password.as_bytes(), &salt)
        .expect("the default parameters are valid")
        .to_string()
}
