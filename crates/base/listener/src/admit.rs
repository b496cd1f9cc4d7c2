//! Who a client is: by its certificate, by its token as user name, or by user name and password.

use std::sync::Arc;

use mqtt::Connect;

use crate::link::Woken;
use crate::options::Boxed;
use crate::server::Shared;

/// Looks in the directory. A password may take the slow hash, which is not for the threads that serve sockets.
pub(crate) fn who(shared: &Arc<Shared>, connect: &Connect, certificate: Option<[u8; 32]>, now_us: i64) -> Boxed<Woken> {
    let directory = &shared.directory;
    let user = connect.user_name.clone().unwrap_or_default();
    let password = connect.password.clone().unwrap_or_default();
    let at_once = match certificate {
        // What is shown counts: a certificate that nobody has is not made good by a password beside it.
        Some(fingerprint) => directory.by_certificate(&fingerprint, now_us),
        None if user.is_empty() => None,
        None if password.is_empty() => directory.by_token(&user, now_us),
        None => {
            let (directory, password) = (directory.clone(), String::from_utf8(password));
            return Box::pin(async move {
                let Ok(password) = password else { return Woken::Admitted(None) };
                let found = tokio::task::spawn_blocking(move || directory.by_password(&user, &password, now_us)).await;
                Woken::Admitted(found.ok().flatten())
            });
        }
    };
    Box::pin(std::future::ready(Woken::Admitted(at_once)))
}
