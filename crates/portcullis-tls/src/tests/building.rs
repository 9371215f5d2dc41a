use std::time::Duration;

use portcullis_core::Secret;

use crate::testing::{Authority, Folder, Leaf, builder};
use crate::{ClientAuth, MAX_FILE_LEN, TlsAcceptor, TlsBuilder};

#[track_caller]
fn check(builder: TlsBuilder, codes: &[&str]) -> String {
    let errors = builder.build().unwrap_err();
    assert_eq!(errors.codes().collect::<Vec<_>>(), codes, "{errors}");
    errors.to_string()
}

#[test]
fn everything_that_is_wrong_is_reported_at_once() {
    let folder = Folder::new();
    let broken = TlsAcceptor::builder()
        .certificate_files(folder.path("no.pem"), folder.path("no.key"))
        .require_client_certificates(folder.path("no-ca.pem"))
        .handshake_timeout(Duration::ZERO)
        .max_handshakes(0)
        .reload_every(Duration::ZERO);
    let message = check(broken, &["P110", "P110", "P110", "P701", "P702", "P703"]);
    for name in ["no.pem", "no.key", "no-ca.pem"] {
        assert!(message.contains(name), "{message}");
    }
    check(TlsAcceptor::builder(), &["P701"]);
}

#[test]
fn refuses_files_that_are_not_what_they_should_be() {
    let authority = Authority::new("authority");
    let issued = authority.issue(&Leaf::server(&["a.example"]));
    let other = authority.issue(&Leaf::server(&["a.example"]));
    let key = || Secret::from(issued.key.as_str());
    let with = |chain: &str, key: Secret| TlsAcceptor::builder().certificate_pem(chain, key);

    check(with("", key()), &["P701"]);
    check(with("-----BEGIN CERTIFICATE-----\n????\n-----END CERTIFICATE-----\n", key()), &["P701"]);
    check(with("-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n", key()), &["P701"]);
    check(with(&issued.chain, Secret::from("")), &["P702"]);
    check(with(&issued.chain, Secret::from(other.key.as_str())), &["P702"]);
    check(with(&issued.key, Secret::from(issued.chain.as_str())), &["P701", "P702"]);
    check(builder(&authority).client_certificates_pem(ClientAuth::Required, ""), &["P703"]);
    check(builder(&authority).client_certificates_pem(ClientAuth::Required, &issued.key), &["P703"]);
    check(builder(&authority).client_certificates_pem(ClientAuth::None, authority.pem()), &["P703"]);
    let folder = Folder::new();
    let lists = folder.write("lists.pem", "");
    check(builder(&authority).client_revocation_file(&lists), &["P703"]);
    let asked = builder(&authority).client_certificates_pem(ClientAuth::Optional, authority.pem());
    check(asked.client_revocation_file(lists), &["P703"]);
}

#[test]
fn refuses_a_certificate_that_is_not_valid_now() {
    let authority = Authority::new("authority");
    for (from, until, said) in [(2020, 2021, "expired at"), (2095, 2096, "not valid before")] {
        let issued = authority.issue(&Leaf::server(&["a.example"]).valid(from, until));
        let built = TlsAcceptor::builder().certificate_pem(issued.chain, Secret::from(issued.key));
        let message = check(built, &["P701"]);
        assert!(message.contains(said), "{message}");
    }
}

#[test]
fn refuses_a_file_over_the_cap_and_takes_one_at_it() {
    let issued = Authority::new("authority").issue(&Leaf::server(&["a.example"]));
    let folder = Folder::new();
    let (_, key) = folder.write_issued(&issued);
    let cap = usize::try_from(MAX_FILE_LEN).unwrap();
    let padded = |length: usize| format!("{}{}", issued.chain, "\n".repeat(length - issued.chain.len()));
    let file = folder.write("server.pem", padded(cap));
    assert!(TlsAcceptor::builder().certificate_files(&file, &key).build().is_ok());
    folder.write("server.pem", padded(cap + 1));
    let message = check(TlsAcceptor::builder().certificate_files(&file, &key), &["P701"]);
    assert!(message.contains("longer than"), "{message}");
}

#[test]
fn no_message_and_no_debug_output_tells_the_key() {
    let authority = Authority::new("authority");
    let issued = authority.issue(&Leaf::server(&["a.example"]));
    let other = authority.issue(&Leaf::server(&["a.example"]));
    let secrets: Vec<&str> = issued.key.lines().filter(|line| !line.starts_with('-')).collect();
    assert!(!secrets.is_empty());
    let good = TlsAcceptor::builder().certificate_pem(&issued.chain, Secret::from(issued.key.as_str()));
    let bad = TlsAcceptor::builder().certificate_pem(&other.chain, Secret::from(issued.key.as_str()));
    let texts = [
        format!("{good:?}"),
        format!("{:?}", good.build().unwrap()),
        format!("{bad:?}"),
        format!("{:?}", bad.build().unwrap_err()),
    ];
    for text in texts {
        assert!(!secrets.iter().any(|secret| text.contains(secret)), "{text}");
    }
}
