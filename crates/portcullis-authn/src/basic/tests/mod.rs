mod attempts;
mod late;
mod remember;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use portcullis_core::{AttemptGuard, Clock, CredentialMethod, Principal, StoreError};
use proptest::prelude::*;

use super::login::Login;
use super::*;
use crate::testing::{Asked, FakeTime, RecordingGuard, ask, ask_guarded, basic, request, vectors};
use crate::{Hashing, PasswordHashString, Requirement, RouteSchemes, Schemes, insecure_fast_hash};

fn principal(subject: &str) -> Principal {
    Principal::builder(subject, CredentialMethod::Basic).build()
}

fn hash(password: &str) -> PasswordHashString {
    insecure_fast_hash(password).unwrap()
}

fn users(logins: &[(&str, &str)]) -> StaticUsers {
    let builder = StaticUsers::builder();
    let add = |builder: StaticUsersBuilder, (user, password): &(&str, &str)| {
        builder.add(user, User::new(hash(password), principal(user)))
    };
    logins.iter().fold(builder, add).build().unwrap()
}

fn route<S: UserStore>(scheme: Basic<S>) -> RouteSchemes {
    route_at(scheme, Clock::system())
}

fn route_at<S: UserStore>(scheme: Basic<S>, clock: Clock) -> RouteSchemes {
    let schemes = Schemes::builder("WallyWorld", clock).scheme("password", scheme).build().unwrap();
    schemes.default_set(Requirement::Required).unwrap()
}

async fn log_in(route: &RouteSchemes, user: &str, password: &str) -> Asked {
    ask(route, &[("authorization", &basic(user, password))]).await
}

/// Counts what it is asked, answers as it is told, and keeps new hashes.
#[derive(Default)]
struct Recording {
    fails: bool,
    ignores: bool,
    disabled: bool,
    hash: Mutex<Option<PasswordHashString>>,
    found: AtomicUsize,
    rehashed: AtomicUsize,
}

impl Recording {
    fn with(text: PasswordHashString) -> Self {
        Self { hash: Mutex::new(Some(text)), ..Self::default() }
    }
}

impl UserStore for Recording {
    async fn find(&self, user: &str) -> Result<Option<User>, StoreError> {
        self.found.fetch_add(1, Ordering::SeqCst);
        if self.fails {
            return Err(StoreError::new("no connection"));
        }
        let hash = self.hash.lock().unwrap().clone();
        Ok(hash
            .filter(|_| user == "alice")
            .map(|hash| User::new(hash, principal("alice")).disabled(self.disabled)))
    }

    async fn rehashed(
        &self,
        user: &str,
        outdated: &PasswordHashString,
        renewed: PasswordHashString,
    ) -> Result<Rehash, StoreError> {
        self.rehashed.fetch_add(1, Ordering::SeqCst);
        if self.ignores {
            return Ok(Rehash::Ignored);
        }
        let mut kept = self.hash.lock().unwrap();
        // A store replaces just this hash, and needs to know which.
        assert_eq!((user, kept.as_ref().unwrap().expose()), ("alice", outdated.expose()));
        *kept = Some(renewed);
        Ok(Rehash::Kept)
    }

    fn decoy(&self) -> Option<PasswordHashString> {
        Some(hash("nobody's"))
    }
}

/// A15.1 and A15.2, with the vectors of RFC 7617 §2 and §2.1.
#[tokio::test]
async fn logs_in_the_users_of_the_vectors() {
    let Some(vectors) = vectors("rfc7617/basic.json") else { return };
    for case in vectors["cases"].as_array().unwrap() {
        let text = |name: &str| case[name].as_str().unwrap();
        let route = route(Basic::new(users(&[(text("user"), text("password"))])));
        let asked = ask(&route, &[("authorization", text("authorization"))]).await;
        assert_eq!(asked.who().as_deref(), Ok(text("user")));
    }
}

/// A15.2, RFC 7617 §2.1: a realm, and no charset but UTF-8.
#[tokio::test]
async fn the_challenge_has_a_realm_and_asks_for_utf_8() {
    let route = route(Basic::new(users(&[])));
    let expected = [r#"Basic realm="WallyWorld", charset="UTF-8""#];
    assert_eq!(ask(&route, &[]).await.challenges(), expected);
    assert_eq!(log_in(&route, "a", "b").await.challenges(), expected);
}

/// A15.1, RFC 7617 §2: the user ends at the first colon.
#[tokio::test]
async fn the_password_may_hold_colons_and_the_user_may_not() {
    let route = route(Basic::new(users(&[("alice", "a:b::c"), ("", "x")])));
    assert_eq!(log_in(&route, "alice", "a:b::c").await.who().as_deref(), Ok("alice"));
    assert_eq!(log_in(&route, "alice:a", "b::c").await.who().as_deref(), Ok("alice"));
    assert_eq!(log_in(&route, "alice", "a:b:c").await.who(), Err("wrong_password"));
    assert_eq!(log_in(&route, "", "x").await.who().as_deref(), Ok(""));
}

/// A15.2, RFC 7617 §2.1: normalization form C of user and password.
#[tokio::test]
async fn accents_may_be_typed_either_way() {
    let route = route(Basic::new(users(&[("Ren\u{e9}", "caf\u{e9}")])));
    for (user, password) in [("Ren\u{e9}", "caf\u{e9}"), ("Rene\u{301}", "cafe\u{301}")] {
        assert_eq!(log_in(&route, user, password).await.who().as_deref(), Ok("Ren\u{e9}"));
    }
}

/// A15.3, RFC 7617 §2.
#[test]
fn refuses_malformed_logins() {
    let encode = |octets: &[u8]| STANDARD.encode(octets);
    for text in [
        encode(b"no colon"),
        encode(b""),
        encode(b"us\xff:er"),
        encode(b"us\xc3:er"),
        encode("us\u{85}er:pw".as_bytes()),
        encode(b"us\0er:pw"),
        encode(b"user:p\nw"),
        encode(b"user:p\x7fw"),
        encode(b"\tuser:pw"),
        "YTpi=".to_owned(),
        "YTpiYw".to_owned(),
        "YTpiYx==".to_owned(),
        "YTp_".to_owned(),
        "a.b.c".to_owned(),
    ] {
        assert_eq!(Login::parse(&text).unwrap_err().reason().code(), "credential_malformed", "{text}");
    }
}

/// A15.4: limits on the input before anything is hashed. The test is at the limits.
#[test]
fn limits_user_and_password_before_hashing() {
    let parse = |user: usize, password: usize| {
        Login::parse(&STANDARD.encode(format!("{}:{}", "u".repeat(user), "p".repeat(password)))).is_ok()
    };
    assert!(parse(MAX_USER_LEN, crate::MAX_PASSWORD_LEN));
    assert!(!parse(MAX_USER_LEN + 1, 1));
    assert!(!parse(1, crate::MAX_PASSWORD_LEN + 1));
    assert!(!parse(1 << 20, 1 << 20));
    // The limit holds for the name that is looked up: this one grows by normalization.
    let growing = |count: usize| Login::parse(&STANDARD.encode(format!("{}:p", "\u{344}".repeat(count))));
    assert_eq!(growing(MAX_USER_LEN / 4).unwrap().user.len(), MAX_USER_LEN / 4 * 4);
    assert!(growing(MAX_USER_LEN / 4 + 1).is_err());
}

/// A15.4: nobody learns whether the user exists, and no hash is computed for nothing but the decoy.
#[tokio::test]
async fn unknown_users_wrong_passwords_and_disabled_users_get_one_answer() {
    let enabled = route(Basic::new(Recording::with(hash("right"))));
    let disabled = route(Basic::new(Recording { disabled: true, ..Recording::with(hash("right")) }));
    let answers = [
        log_in(&enabled, "mallory", "right").await,
        log_in(&enabled, "alice", "wrong").await,
        log_in(&enabled, "alice", "").await,
        log_in(&disabled, "alice", "right").await,
        // The password of the decoy opens nothing.
        log_in(&enabled, "mallory", "nobody's").await,
    ];
    for asked in &answers {
        assert_eq!((asked.who(), asked.challenges()), (Err("wrong_password"), answers[0].challenges()));
        assert_eq!(asked.answer.as_ref().unwrap_err().hint_text(), None);
    }
    let why = |asked: &Asked| asked.answer.as_ref().unwrap_err().explanation().map(str::to_owned);
    let why: Vec<_> = answers.iter().filter_map(why).collect();
    let wrong = "password does not match: user `alice`";
    assert_eq!(why[1..4], [wrong, wrong, "user is disabled: user `alice`"]);
    // A name that is no user's may be a password.
    assert!(why[0].starts_with("no such user: #") && !why[0].contains("mallory"), "{why:?}");
    assert_eq!(why[0], why[4], "the same name has the same tag");
}

#[tokio::test]
async fn under_pseudonyms_no_refused_login_names_its_user() {
    let route = route(Basic::new(users(&[("alice", "right")])).pseudonymous());
    let why = async |user, password| {
        let denial = log_in(&route, user, password).await.answer.unwrap_err();
        denial.explanation().unwrap().to_owned()
    };
    let told = why("alice", "wrong").await;
    assert!(told.starts_with("password does not match: user #") && !told.contains("alice"), "{told}");
    assert_eq!(why("alice", "CANARY").await, told);
    assert_ne!(why("bob", "wrong").await, told);
}

/// A15.4: the built-in decoy is read, costs what a new hash costs, and opens nothing.
#[tokio::test]
async fn the_built_in_decoy_costs_what_a_new_hash_costs() {
    let hash = PasswordHashString::parse(scheme::DECOY).unwrap();
    assert!(hash.expose().contains("m=19456,t=2,p=1") && !hash.needs_rehash());
    let route = route(Basic::new(users(&[])));
    assert_eq!(log_in(&route, "nobody", "").await.who(), Err("wrong_password"));
}

/// A15.4: whatever the order of the users, an unknown one costs what most of them cost.
#[test]
fn the_decoy_of_a_fixed_set_is_of_the_kind_that_most_users_have() {
    let cheap =
        "$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    let other = cheap.replace("t=1", "t=2");
    let bcrypt = "$2b$04$abcdefghijklmnopqrstuuBZ1Zz4J6uXJ0sHcCWvpJMqoIB0zHuxu";
    let caller = || Principal::builder("x", CredentialMethod::Basic).build();
    let decoy = |hashes: &[&str]| {
        let names = ["a", "b", "c", "d", "e"];
        let all = hashes.iter().zip(names);
        let users = all.fold(StaticUsers::builder(), |users, (hash, name)| users.user(name, hash, caller()));
        users.build().unwrap().decoy().map(|hash| hash.kind().to_owned())
    };
    assert_eq!(decoy(&[]), None);
    for _ in 0..8 {
        assert_eq!(decoy(&[bcrypt, cheap, &other, &other]).as_deref(), Some("$argon2id$v=19$m=8,t=2,p=1"));
        assert_eq!(decoy(&[bcrypt, cheap, bcrypt]).as_deref(), Some("$2b$04"));
    }
}

#[tokio::test]
async fn a_failing_store_is_503_and_nothing_is_said_of_the_user() {
    let route = route(Basic::new(Recording { fails: true, ..Recording::default() }));
    let asked = log_in(&route, "alice", "right").await;
    assert_eq!(asked.who(), Err("store_unavailable"));
    assert_eq!(asked.answer.unwrap_err().status(), 503);
}

/// A20.4: the queue is bounded; the caller is told when to come again.
#[tokio::test]
async fn a_full_queue_is_503_with_retry_after() {
    let hashing = Hashing::new(1, 0).unwrap();
    let (release, hold) = std::sync::mpsc::channel::<()>();
    let running = tokio::spawn({
        let hashing = hashing.clone();
        async move { hashing.run(move || hold.recv().unwrap()).await }
    });
    while hashing.available() > 0 {
        tokio::task::yield_now().await;
    }
    let route = route(Basic::new(users(&[("alice", "right")])).hashing(hashing));
    let asked = log_in(&route, "alice", "right").await;
    assert_eq!(asked.who(), Err("hashing_saturated"));
    assert_eq!(asked.answer.unwrap_err().retry_after_seconds(), Some(1));
    // A15.4: an unknown user costs a hash too, and so waits in the same queue.
    assert_eq!(log_in(&route, "nobody", "right").await.who(), Err("hashing_saturated"));
    release.send(()).unwrap();
    running.await.unwrap().unwrap();
    assert_eq!(log_in(&route, "alice", "right").await.who().as_deref(), Ok("alice"));
}

/// A20.3: rehash on login when parameters are old.
#[tokio::test]
async fn an_old_hash_is_replaced_at_login_and_only_then() {
    let store = Arc::new(Recording::with(hash("right")));
    let route = route(Basic::new(Arc::clone(&store)));
    assert!(log_in(&route, "alice", "wrong").await.answer.is_err());
    assert_eq!(store.rehashed.load(Ordering::SeqCst), 0);
    assert!(log_in(&route, "alice", "right").await.answer.is_ok());
    assert!(!store.hash.lock().unwrap().clone().unwrap().needs_rehash());
    assert!(log_in(&route, "alice", "right").await.answer.is_ok());
    assert_eq!(store.rehashed.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_store_that_ignores_new_hashes_is_offered_one_only_once() {
    let store = Arc::new(Recording { ignores: true, ..Recording::with(hash("right")) });
    let route = route(Basic::new(Arc::clone(&store)));
    for _ in 0..2 {
        assert!(log_in(&route, "alice", "right").await.answer.is_ok());
    }
    assert_eq!(store.rehashed.load(Ordering::SeqCst), 1);
}

#[test]
fn configuration_errors_are_found_at_build_time() {
    let codes = |scheme: Basic<StaticUsers>| -> Vec<&'static str> {
        let built = Schemes::builder("r", Clock::system()).scheme("password", scheme).build();
        built.err().unwrap_or_default().codes().collect()
    };
    let basic = || Basic::new(StaticUsers::default());
    assert_eq!(codes(basic()), [""; 0]);
    assert_eq!(codes(basic().remember(Duration::ZERO, 8)), ["P110"]);
    assert_eq!(codes(basic().remember(Duration::from_secs(1), 0)), ["P110"]);
    assert_eq!(codes(basic().remember(MAX_REMEMBERED_FOR, 1)), [""; 0]);
    assert_eq!(codes(basic().remember(MAX_REMEMBERED_FOR + Duration::from_secs(1), 1)), ["P110"]);
}

#[test]
fn static_users_report_everything_at_once() {
    let good = hash("x");
    let user = |name: &str| User::new(good.clone(), principal(name));
    let errors = StaticUsers::builder()
        .user("a", "plain text", principal("a"))
        .add("b:c", user("b"))
        .add("d\n", user("d"))
        .add(&"e".repeat(MAX_USER_LEN + 1), user("e"))
        .add("Ren\u{e9}", user("f"))
        .add("Rene\u{301}", user("f"))
        .user("g", good.expose(), principal("g"))
        .build()
        .unwrap_err();
    assert_eq!(errors.codes().collect::<Vec<_>>(), ["P106", "P112", "P112", "P112", "P112"]);
    assert!(!errors.to_string().contains("plain text"));
}

/// A1.14 for passwords: nothing prints them.
#[test]
fn nothing_prints_a_password() {
    let login = Login::parse(&STANDARD.encode("alice:s3cr3t")).unwrap();
    let stored = User::new(hash("s3cr3t"), principal("alice"));
    let printed = format!("{login:?} {stored:?} {:?}", users(&[("alice", "s3cr3t")]));
    assert!(!printed.contains("s3cr3t") && !printed.contains("argon2id$"), "{printed}");
}

#[tokio::test]
async fn naughty_strings_log_in_or_are_refused() {
    let Some(strings) = vectors("naughty-strings/blns.json") else { return };
    let route = route(Basic::new(Recording::with(hash("right"))));
    for text in strings.as_array().unwrap() {
        let text = text.as_str().unwrap();
        for (user, password) in [(text, "right"), ("alice", text)] {
            let code = log_in(&route, user, password).await.who().unwrap_err();
            assert!(matches!(code, "wrong_password" | "credential_malformed"), "{text:?}: {code}");
        }
    }
}

proptest! {
    #[test]
    fn no_text_makes_the_reader_panic(text in "[!-~]{0,64}") {
        let _ = Login::parse(&text);
    }

    #[test]
    fn what_was_sent_is_read(user in "[^:\\p{Cc}]{0,40}", password in "\\PC{0,40}") {
        let login = Login::parse(&STANDARD.encode(format!("{user}:{password}"))).unwrap();
        prop_assert_eq!(&*login.user, &*crate::password::normalized(&user));
        prop_assert_eq!(login.password.expose(), password.as_bytes());
    }
}
