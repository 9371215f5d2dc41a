//! What a first start finds: users with random passwords, an API key, a few documents.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use portcullis::authn::{ApiKey, HashingError, PasswordHashString};
use portcullis::core::StoreError;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::database::{Database, Seed, SeedApiKey, SeedUser};
use crate::model::{NewDocument, Team, Title, Visibility};
use crate::policy::ADMIN;
use crate::private_file;
use crate::users::{EDITOR, READ, READER, User};

/// The demo users: name, role, managed team.
pub(crate) const USERS: [(&str, &str, Option<&str>); 5] = [
    ("adam", ADMIN, None),
    ("alice", EDITOR, None),
    ("bob", EDITOR, None),
    ("maria", EDITOR, Some("engineering")),
    ("rita", READER, None),
];

/// Whose API key it is, and all that the key may do.
const API_KEY: (&str, &str, &str) = ("demo", "alice", READ);
/// What every API key of this service begins with, so that leaked ones can be found.
pub(crate) const API_KEY_PREFIX: &str = "docs_";

/// The passwords of the demo users and the demo API key: random, made on first start, and kept in a file that
/// only its owner can read, so that every start can print them again.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DemoCredentials {
    passwords: BTreeMap<String, String>,
    api_key: String,
}

impl DemoCredentials {
    /// The password of the demo user.
    pub fn password(&self, user: &str) -> Option<&str> {
        self.passwords.get(user).map(String::as_str)
    }

    /// The API key.
    pub fn api_key(&self) -> &str {
        &self.api_key
    }

    fn generate() -> Result<Self, getrandom::Error> {
        let mut passwords = BTreeMap::new();
        for (name, _, _) in USERS {
            passwords.insert(name.into(), random::<12>()?);
        }
        Ok(Self { passwords, api_key: format!("{API_KEY_PREFIX}{}", random::<32>()?) })
    }

    fn parse(json: &[u8]) -> Option<Self> {
        // What serde says of it may show a part of it, and would be printed.
        serde_json::from_slice(json).ok()
    }
}

impl fmt::Debug for DemoCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DemoCredentials").finish_non_exhaustive()
    }
}

/// What becomes of the passwords when the file is removed.
const KEPT_AS_HASHES: &str = "the database has hashes of the passwords, and nobody will know them any more (an empty \
                              folder gets new ones)";
const MADE_ANEW: &str = "new ones will be made";

/// Fills an empty database; of one that has users, only reads the file of credentials.
///
/// `None` means that the database was filled before, and the file is gone: the passwords are known to nobody.
///
/// # Errors
/// [`DemoError`] if the file or the database fails, or `hash` does.
pub(crate) async fn prepare(
    database: &Database,
    file: &Path,
    hash: fn(&str) -> Result<PasswordHashString, HashingError>,
) -> Result<Option<DemoCredentials>, DemoError> {
    let malformed = |known| DemoError::Malformed { path: file.into(), known };
    let parse = |json: Vec<u8>, known| DemoCredentials::parse(&json).ok_or_else(|| malformed(known));
    if database.has_users().await? {
        let found = private_file::read(file)?;
        return found.map(|json| parse(json, KEPT_AS_HASHES)).transpose();
    }
    // The file comes first: if the process ends between the two, the next start finishes the work.
    let fresh = DemoCredentials::generate().map_err(|_| DemoError::Random)?;
    let json = serde_json::to_vec_pretty(&fresh).map_err(|_| malformed(MADE_ANEW))?;
    let credentials = parse(private_file::read_or_create(file, &json)?, MADE_ANEW)?;
    database.seed(&seed(&credentials, hash)?).await?;
    Ok(Some(credentials))
}

fn seed(
    credentials: &DemoCredentials,
    hash: fn(&str) -> Result<PasswordHashString, HashingError>,
) -> Result<Seed, HashingError> {
    let mut users = Vec::new();
    for (name, role, team) in USERS {
        let Some(password) = credentials.password(name) else { continue };
        let user = User {
            name: name.into(),
            roles: [role.to_owned()].into(),
            manages: team.into_iter().map(str::to_owned).collect(),
        };
        users.push(SeedUser { user, password_hash: hash(password)? });
    }
    let (id, user, scopes) = API_KEY;
    let api_key = SeedApiKey { id, user, scopes, hash: ApiKey::hash_of(credentials.api_key().as_bytes()) };
    Ok(Seed { users, documents: documents(), api_key })
}

fn documents() -> Vec<(&'static str, NewDocument)> {
    let texts = [
        ("alice", "Welcome", "Everyone who is logged in reads this.", None, Visibility::Public),
        ("alice", "Diary", "Only alice and the admins read this.", None, Visibility::Private),
        (
            "bob",
            "Engine plans",
            "Bob, the managers of engineering, and the admins read this.",
            Some("engineering"),
            Visibility::Private,
        ),
        (
            "bob",
            "Budget",
            "Bob and the admins: nobody manages finance.",
            Some("finance"),
            Visibility::Private,
        ),
        ("maria", "Lunch menu", "Soup.", Some("engineering"), Visibility::Public),
    ];
    let document = |(owner, title, body, team, visibility): (_, &str, &str, Option<&str>, _)| {
        let title: Title = title.parse().ok()?;
        let team = team.map(str::parse::<Team>).transpose().ok()?;
        Some((owner, NewDocument { title, body: body.parse().ok()?, team, visibility }))
    };
    // INVARIANT: all of these texts are within their limits, as a test checks.
    texts.into_iter().filter_map(document).collect()
}

fn random<const N: usize>() -> Result<String, getrandom::Error> {
    let mut octets = [0; N];
    getrandom::fill(&mut octets)?;
    Ok(URL_SAFE_NO_PAD.encode(octets))
}

/// The demo data cannot be prepared.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum DemoError {
    #[error("the file of demo credentials cannot be read or written")]
    File(#[from] std::io::Error),
    #[error("a demo password cannot be hashed")]
    Hash(#[from] HashingError),
    #[error("`{path}` does not hold demo credentials; remove it: {known}")]
    Malformed { path: PathBuf, known: &'static str },
    #[error("the system has no random octets to give")]
    Random,
    #[error("the demo data cannot be written to the database")]
    Store(#[from] StoreError),
}

#[cfg(test)]
mod tests {
    use portcullis::Clock;
    use portcullis::authn::insecure_fast_hash as hash;

    use super::*;
    use crate::testing::Folder;

    #[tokio::test]
    async fn a_first_start_fills_the_database_and_later_ones_find_the_same() {
        let folder = Folder::new();
        let file = folder.path().join("credentials.json");
        let database = Database::open(&folder.path().join("db"), Clock::system()).await.unwrap();
        let first = prepare(&database, &file, hash).await.unwrap().unwrap();
        for (name, role, team) in USERS {
            let (user, password) = database.user_with_password(name).await.unwrap().unwrap();
            assert!(password.verify_blocking(first.password(name).unwrap()), "{name}");
            assert!(user.roles.contains(role), "{name}");
            assert_eq!(user.manages.iter().next().map(String::as_str), team, "{name}");
        }
        let again = prepare(&database, &file, hash).await.unwrap().unwrap();
        assert_eq!(first.passwords, again.passwords);

        std::fs::remove_file(&file).unwrap();
        assert!(prepare(&database, &file, hash).await.unwrap().is_none());
    }

    #[tokio::test]
    async fn a_start_that_was_cut_short_is_finished_by_the_next() {
        let folder = Folder::new();
        let file = folder.path().join("credentials.json");
        let before = DemoCredentials::generate().unwrap();
        std::fs::write(&file, serde_json::to_vec(&before).unwrap()).unwrap();
        let database = Database::open(&folder.path().join("db"), Clock::system()).await.unwrap();
        let found = prepare(&database, &file, hash).await.unwrap().unwrap();
        assert_eq!(found.passwords, before.passwords);
        assert!(database.has_users().await.unwrap());
    }

    #[tokio::test]
    async fn a_garbage_file_of_credentials_is_named_and_not_shown() {
        let folder = Folder::new();
        let file = folder.path().join("credentials.json");
        std::fs::write(&file, r#"{"passwords": {"alice": "SECRET"}, "api_key": 7}"#).unwrap();
        let database = Database::open(&folder.path().join("db"), Clock::system()).await.unwrap();
        let error = prepare(&database, &file, hash).await.unwrap_err();
        let text = error.to_string();
        assert!(text.contains("credentials.json") && text.contains(MADE_ANEW), "{text}");
        assert!(!format!("{error:?} {text}").contains("SECRET"));
        assert!(!database.has_users().await.unwrap());
    }

    #[tokio::test]
    async fn the_api_key_reads_for_its_user_and_does_not_write() {
        let folder = Folder::new();
        let database = Database::open(&folder.path().join("db"), Clock::system()).await.unwrap();
        let credentials = prepare(&database, &folder.path().join("c"), hash).await.unwrap().unwrap();
        let owner =
            database.api_key(&ApiKey::hash_of(credentials.api_key().as_bytes())).await.unwrap().unwrap();
        assert_eq!((owner.user.name.as_str(), owner.scopes.to_string().as_str()), ("alice", READ));
        assert_eq!(database.api_key(&[0; 32]).await.unwrap(), None);
    }

    #[test]
    fn no_demo_document_is_lost_to_a_limit() {
        assert_eq!(documents().len(), 5);
    }

    #[test]
    fn credentials_differ_and_are_not_printed() {
        let (one, other) = (DemoCredentials::generate().unwrap(), DemoCredentials::generate().unwrap());
        assert_ne!(one.password("alice"), other.password("alice"));
        assert_ne!(one.password("alice"), one.password("bob"));
        assert!(!format!("{one:?}").contains(one.api_key()));
    }
}
