//! Secrets: passwords under argon2id, tokens by their SHA-256, one-time codes. None of them is ever journalled.

use std::fmt;
use std::sync::{Arc, Mutex};

use argon2::password_hash::{PasswordHash as Phc, PasswordHasher, PasswordVerifier, SaltString};
use argon2::{Algorithm, Argon2, Params, Version};
use jiff::Timestamp;
use kernel::IdSource;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tokio::sync::Semaphore;

use crate::model::Problem;

/// A password as typed. It does not show in logs.
#[derive(Clone, Default, Deserialize)]
#[serde(transparent)]
pub struct Password(String);

impl Password {
    /// As typed.
    pub fn new(typed: impl Into<String>) -> Password {
        Password(typed.into())
    }
}
impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

/// A password's hash, argon2id in PHC form with its own salt and parameters. It does not show in logs.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(String);

impl PasswordHash {
    pub(crate) fn from_stored(phc: String) -> PasswordHash {
        PasswordHash(phc)
    }
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}
impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(…)")
    }
}

/// How much work a hash costs. The default is OWASP's first recommendation for argon2id (19 MiB, 2 passes, 1 lane).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PasswordConfig {
    /// Memory of one hash, KiB.
    pub memory_kib: u32,
    /// Passes over the memory.
    pub passes: u32,
    /// Lanes.
    pub lanes: u32,
    /// Hashes computed at the same time; the rest waits, so that a flood of sign-ins cannot take all memory.
    pub parallel_max: usize,
}

impl Default for PasswordConfig {
    fn default() -> Self {
        PasswordConfig { memory_kib: 19_456, passes: 2, lanes: 1, parallel_max: 4 }
    }
}

impl PasswordConfig {
    /// As little work as argon2 allows: for tests and simulated people, never for real accounts.
    pub fn cheap() -> PasswordConfig {
        PasswordConfig { memory_kib: 8, passes: 1, lanes: 1, parallel_max: 16 }
    }
}

/// Length of a password in characters, least and most (NIST SP 800-63B asks for at least 8 and at least 64 allowed).
pub const PASSWORD_CHARS: (usize, usize) = (10, 128);

/// What people choose first, and attackers try first. Compared in lower case without trailing digits and marks.
const TOO_COMMON: [&str; 14] = [
    "password",
    "passw0rd",
    "qwertyuiop",
    "qwerty",
    "qazwsxedc",
    "1qaz2wsx3edc",
    "admin",
    "administrator",
    "iloveyou",
    "woaini",
    "welcome",
    "letmein",
    "yunjin",
    "changeme",
];

/// Hashes and checks passwords, off the async threads and a few at a time.
pub struct Passwords {
    argon: Argon2<'static>,
    salts: Mutex<IdSource>,
    parallel: Arc<Semaphore>,
    /// Checked when a login is unknown, so that the answer takes as long as for a known one.
    nobody: PasswordHash,
}

impl Passwords {
    /// With parameters and a random source for salts. Refuses parameters that argon2 cannot run with.
    pub fn try_new(config: PasswordConfig, mut salts: IdSource) -> Result<Passwords, argon2::Error> {
        let params = Params::new(config.memory_kib, config.passes, config.lanes, None)?;
        let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let mut salt = [0u8; 16];
        salts.fill(&mut salt);
        let nobody = hash(&argon, &salt, &salts.token());
        let parallel = Arc::new(Semaphore::new(config.parallel_max.max(1)));
        Ok(Passwords { argon, salts: Mutex::new(salts), parallel, nobody })
    }

    /// What is wrong with a new password, if anything.
    pub fn problem(login: &str, password: &Password) -> Option<Problem> {
        let chars = password.0.chars().count();
        let (least, most) = PASSWORD_CHARS;
        let bare = password.0.to_lowercase();
        let stem = bare.trim_end_matches(|c: char| c.is_ascii_digit() || c.is_ascii_punctuation());
        let of_one = bare.chars().next().is_some_and(|first| bare.chars().all(|c| c == first));
        let counted = "0123456789012345678901234567890".contains(&bare) || "9876543210987654321".contains(&bare);
        let (code, zh, en) = if chars < least || chars > most {
            let zh = format!("密码应为 {least} 至 {most} 个字符，现为 {chars} 个。可用一句话作密码。");
            let en =
                format!("A password has {least} to {most} characters, this has {chars}. A whole sentence is fine.");
            ("password-length", zh, en)
        } else if !login.is_empty() && bare.contains(&login.to_lowercase()) {
            let (zh, en) = ("密码不能包含登录名。", "The password must not contain the login name.");
            ("password-contains-login", zh.to_owned(), en.to_owned())
        } else if of_one || counted || TOO_COMMON.contains(&stem) {
            let zh = "该密码过于常见，容易被猜中。请换一个，例如几个不相关的词。";
            let en = "This password is among the first that are tried. Choose another, such as a few unrelated words.";
            ("password-too-common", zh.to_owned(), en.to_owned())
        } else {
            return None;
        };
        Some(Problem::new("password", code, zh, en))
    }

    /// Hashes a new password, or says what is wrong with it.
    pub async fn hash(&self, login: &str, password: &Password) -> Result<PasswordHash, Problem> {
        if let Some(problem) = Self::problem(login, password) {
            return Err(problem);
        }
        let mut salt = [0u8; 16];
        self.salts.lock().expect("no panic while held").fill(&mut salt);
        let (argon, text) = (self.argon.clone(), password.0.clone());
        Ok(self.apart(move || hash(&argon, &salt, &text)).await)
    }

    /// Does the password fit the hash? Without a hash it works as long and answers no.
    pub async fn fits(&self, stored: Option<&PasswordHash>, password: &Password) -> bool {
        let known = stored.is_some();
        let (argon, phc) = (self.argon.clone(), stored.unwrap_or(&self.nobody).0.clone());
        // Nothing longer was ever accepted; hashing it would only be work for an attacker to ask for.
        let text: String = password.0.chars().take(PASSWORD_CHARS.1 + 1).collect();
        let fits =
            self.apart(move || Phc::new(&phc).is_ok_and(|h| argon.verify_password(text.as_bytes(), &h).is_ok())).await;
        fits && known
    }

    async fn apart<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> T {
        let _turn = self.parallel.acquire().await.expect("never closed");
        tokio::task::spawn_blocking(work).await.expect("hashing does not panic")
    }
}

fn hash(argon: &Argon2<'_>, salt: &[u8; 16], password: &str) -> PasswordHash {
    let salt = SaltString::encode_b64(salt).expect("16 bytes are a salt");
    PasswordHash(argon.hash_password(password.as_bytes(), &salt).expect("checked parameters").to_string())
}

/// What of a token, recovery code or login is stored: its SHA-256, lower-case hex. Enough for 256 random bits.
pub(crate) fn sha256_hex(text: &str) -> String {
    hex::encode(Sha256::digest(text.as_bytes()))
}

/// One-time codes after RFC 6238: six digits, SHA-1, 30 seconds, one step of drift either way.
pub(crate) mod totp {
    use super::{IdSource, Timestamp};
    use totp_rs::{Builder, Secret, Totp};

    const STEP_SECONDS: u64 = 30;

    /// A new secret of 20 random bytes, base 32 (RFC 4226 recommends 160 bits).
    pub fn new_secret(ids: &mut IdSource) -> String {
        let mut bytes = [0u8; 20];
        ids.fill(&mut bytes);
        Secret::from(bytes.to_vec()).to_base32()
    }

    fn generator(secret: &str) -> Option<Totp> {
        let secret = Secret::try_from_base32(secret).ok()?;
        Builder::new().with_secret(secret).with_step_duration(STEP_SECONDS).with_skew(1).build().ok()
    }

    fn seconds(now: Timestamp) -> u64 {
        u64::try_from(now.as_second()).unwrap_or(0)
    }

    /// The step a code belongs to, if it is right and later than `last_step`: a code works once, also when the clock
    /// is set back.
    pub fn accepted_step(secret: &str, code: &str, now: Timestamp, last_step: Option<i64>) -> Option<i64> {
        let code: String = code.chars().filter(|c| !c.is_whitespace()).collect();
        let step = generator(secret)?.check(&code, seconds(now))?;
        let step = i64::try_from(step).ok()?;
        last_step.is_none_or(|last| step > last).then_some(step)
    }

    /// The code at an instant, for tests and the simulator.
    pub fn code_at(secret: &str, now: Timestamp) -> Option<String> {
        Some(generator(secret)?.generate(seconds(now)).to_string())
    }

    /// What an authenticator app reads from the picture.
    pub fn address(secret: &str, login: &str) -> String {
        // Logins hold only characters that need no escape but these.
        let login = login.replace('@', "%40").replace('+', "%2B");
        let issuer = "Yunjin";
        format!("otpauth://totp/{issuer}:{login}?secret={secret}&issuer={issuer}")
    }
}

/// How many recovery codes an account gets.
pub(crate) const RECOVERY_CODES: usize = 10;

/// A recovery code such as `k7m2-9xqp-4tzd-c8wn`: 79 random bits in an alphabet without look-alikes.
pub(crate) fn new_recovery_code(ids: &mut IdSource) -> String {
    const LETTERS: &[u8; 31] = b"abcdefghjkmnpqrstuvwxyz23456789";
    let letter = |ids: &mut IdSource| char::from(LETTERS[usize::try_from(ids.below(31)).expect("small")]);
    let groups: Vec<String> = (0..4).map(|_| (0..4).map(|_| letter(ids)).collect()).collect();
    groups.join("-")
}

/// As typed, brought to the form it was hashed in.
pub(crate) fn recovery_code_key(typed: &str) -> String {
    let bare: String = typed.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_lowercase();
    sha256_hex(&bare)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_follow_the_vectors_of_rfc_6238() {
        // Appendix B, SHA-1, secret "12345678901234567890"; the last six of its eight digits.
        let secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
        for (second, code) in
            [(59, "287082"), (1_111_111_109, "081804"), (1_234_567_890, "005924"), (2_000_000_000, "279037")]
        {
            let at = Timestamp::from_second(second).unwrap();
            assert_eq!(totp::code_at(secret, at).unwrap(), code);
            assert!(totp::accepted_step(secret, code, at, None).is_some());
        }
    }

    #[test]
    fn a_code_works_once_and_within_one_step() {
        let secret = totp::new_secret(&mut IdSource::seeded(1));
        let at = |s: i64| Timestamp::from_second(1_600_000_000 + s).unwrap();
        let code = totp::code_at(&secret, at(0)).unwrap();
        let step = totp::accepted_step(&secret, &code, at(20), None).unwrap();
        assert_eq!(totp::accepted_step(&secret, &code, at(25), Some(step)), None);
        assert_eq!(totp::accepted_step(&secret, &code, at(90), None), None);
        assert_eq!(totp::accepted_step(&secret, "abc", at(0), None), None);
    }

    #[test]
    fn weak_passwords_are_named() {
        let code = |p: &str| Passwords::problem("zhang.wei", &Password::new(p)).map(|p| p.code);
        assert_eq!(code("short"), Some("password-length"));
        assert_eq!(code("x-Zhang.Wei-2018"), Some("password-contains-login"));
        assert_eq!(code("Password123!"), Some("password-too-common"));
        assert_eq!(code("1234567890"), Some("password-too-common"));
        assert_eq!(code("aaaaaaaaaaaa"), Some("password-too-common"));
        assert_eq!(code("云上的渡口有九条船啊"), None);
        assert_eq!(code("four plain words here"), None);
    }

    #[test]
    fn the_default_is_owasp_and_secrets_do_not_print() {
        let c = PasswordConfig::default();
        assert_eq!((c.memory_kib, c.passes, c.lanes), (19_456, 2, 1));
        assert_eq!(format!("{:?}", Password::new("hunter2hunter2")), "Password(…)");
    }

    #[test]
    fn recovery_codes_are_read_as_people_type_them() {
        let code = new_recovery_code(&mut IdSource::seeded(5));
        assert_eq!(code.len(), 19);
        assert_eq!(recovery_code_key(&code.replace('-', " ").to_uppercase()), recovery_code_key(&code));
    }
}
