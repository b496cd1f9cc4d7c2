//! Secrets that must be read again (of one-time codes, of connections) are kept under a key that is not in the database:
//! whoever gets hold of the records alone has none of them.

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::Path;

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use kernel::IdSource;

use crate::StoreError;

/// Reads 32 bytes of key from `path`, or makes them there, readable by its owner only.
pub(crate) fn key_file(path: &Path, random: &mut IdSource) -> Result<[u8; 32], StoreError> {
    let io = |e| StoreError::io("reading a key file", e);
    if path.exists() {
        let text = fs::read_to_string(path).map_err(io)?;
        let bytes = hex::decode(text.trim()).ok().and_then(|b| <[u8; 32]>::try_from(b).ok());
        return bytes.ok_or_else(|| io(std::io::Error::new(ErrorKind::InvalidData, "not 32 bytes of hex")));
    }
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(io)?;
    }
    let mut bytes = [0u8; 32];
    random.fill(&mut bytes);
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    let mut file = options.open(path).map_err(io)?;
    file.write_all(hex::encode(bytes).as_bytes()).map_err(io)?;
    file.sync_all().map_err(io)?;
    Ok(bytes)
}

/// Conceals and reveals (XChaCha20-Poly1305). What a secret belongs to is bound to it: moved to another row it does not
/// open.
#[derive(Clone)]
pub struct Vault(XChaCha20Poly1305);

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Vault(…)")
    }
}

impl Vault {
    /// With the key in `path`, which is made if it is not there.
    pub fn open(path: &Path, random: &mut IdSource) -> Result<Vault, StoreError> {
        Ok(Vault::of(key_file(path, random)?))
    }

    /// With a key.
    pub fn of(key: [u8; 32]) -> Vault {
        Vault(XChaCha20Poly1305::new(&key.into()))
    }

    /// The secret in a form that may be stored: hex of nonce and ciphertext.
    pub(crate) fn conceal(&self, belongs_to: &str, secret: &str, random: &mut IdSource) -> String {
        let mut nonce = [0u8; 24];
        random.fill(&mut nonce);
        let payload = Payload { msg: secret.as_bytes(), aad: belongs_to.as_bytes() };
        let sealed = self.0.encrypt(&XNonce::from(nonce), payload).expect("a short text is within the cipher's limit");
        hex::encode([nonce.as_slice(), &sealed].concat())
    }

    /// The secret again, if it was concealed under this key for this owner.
    pub(crate) fn reveal(&self, belongs_to: &str, stored: &str) -> Option<String> {
        let bytes = hex::decode(stored).ok()?;
        let (nonce, sealed) = bytes.split_at_checked(24)?;
        let nonce = <[u8; 24]>::try_from(nonce).ok()?;
        let payload = Payload { msg: sealed, aad: belongs_to.as_bytes() };
        String::from_utf8(self.0.decrypt(&XNonce::from(nonce), payload).ok()?).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_opens_under_its_key_for_its_owner_alone() {
        let (mut random, vault) = (IdSource::seeded(3), Vault::of([7; 32]));
        let stored = vault.conceal("account/1", "JBSWY3DPEHPK3PXP", &mut random);
        assert!(!stored.contains("JBSWY3DP") && stored != vault.conceal("account/1", "JBSWY3DPEHPK3PXP", &mut random));
        assert_eq!(vault.reveal("account/1", &stored).as_deref(), Some("JBSWY3DPEHPK3PXP"));
        assert_eq!(vault.reveal("account/2", &stored), None);
        assert_eq!(Vault::of([8; 32]).reveal("account/1", &stored), None);
        for damaged in ["", "00", "zz", &stored[2..], &stored[..stored.len() - 2]] {
            assert_eq!(vault.reveal("account/1", damaged), None);
        }
    }

    #[test]
    fn a_key_is_made_once_and_for_its_owner() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("keys/secrets.key");
        let first = key_file(&path, &mut IdSource::seeded(1)).unwrap();
        assert_eq!(key_file(&path, &mut IdSource::seeded(2)).unwrap(), first);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
        fs::write(&path, "short").unwrap();
        assert!(key_file(&path, &mut IdSource::seeded(3)).is_err());
    }
}
