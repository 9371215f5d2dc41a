use super::*;
use crate::tokens::OWN_ISSUER;

fn read(arguments: &[&str]) -> Result<Options, String> {
    let all = std::iter::once("documents-api").chain(arguments.iter().copied());
    let options = Options::try_parse_from(all).map_err(|error| error.to_string())?;
    let wrong = options.contradictions();
    if wrong.is_empty() { Ok(options) } else { Err(wrong.join("\n")) }
}

#[track_caller]
fn check_refused(arguments: &[&str], because: &str) {
    let message = read(arguments).unwrap_err();
    assert!(message.contains(because), "{message}");
}

#[test]
fn without_options_it_listens_on_loopback_and_keeps_its_data_in_data() {
    let options = read(&[]).unwrap();
    assert_eq!(options.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(options.data.to_str(), Some("data"));
    assert_eq!((options.rate, options.rate.to_string().as_str()), (Rate::GENEROUS, "6000/60"));
    assert!(options.issuer.is_none() && options.audit.is_none() && options.trusted_proxies.is_empty());
}

#[test]
fn every_option_is_read() {
    let options = read(&[
        "--data",
        "/tmp/x",
        "--listen",
        "[::1]:0",
        "--issuer",
        "https://idp.example/realm",
        "--audience",
        "api",
        "--jwks",
        "keys.json",
        "--audit",
        "audit.jsonl",
        "--trusted-proxy",
        "10.0.0.0/8",
        "--trusted-proxy",
        "fd00::/8",
        "--trusted-proxy",
        "192.0.2.1",
        "--rate",
        "5/60",
        "--public-url",
        "https://documents.example.com",
        "--dpop",
        "required",
        "--dpop-nonce",
        "--client-cert-from",
        "10.0.0.1",
        "--client-id",
        "documents",
        "--tls-cert",
        "server.pem",
        "--tls-key",
        "server.key",
        "--client-ca",
        "ca.pem",
    ])
    .unwrap();
    assert_eq!((options.tokens.dpop, options.tokens.dpop_nonce), (Dpop::Required, true));
    assert_eq!(options.tokens.client_cert_from.len(), 1);
    assert_eq!(options.tokens.client_id.as_deref(), Some("documents"));
    assert_eq!(options.public_url.as_deref(), Some("https://documents.example.com"));
    let tls = [&options.tls.certificate, &options.tls.key, &options.tls.client_ca];
    assert_eq!(
        tls.map(|file| file.as_ref().unwrap().to_str().unwrap()),
        ["server.pem", "server.key", "ca.pem"]
    );
    assert_eq!(options.listen, "[::1]:0".parse().unwrap());
    assert_eq!(options.issuer.as_ref().map(IssuerUrl::as_str), Some("https://idp.example/realm"));
    assert_eq!(options.trusted_proxies.len(), 3);
    assert_eq!((options.rate.requests(), options.rate.period().as_secs()), (5, 60));
}

#[test]
fn these_options_have_an_environment_variable() {
    let command = Options::command();
    let named: Vec<_> = command
        .get_arguments()
        .filter_map(|argument| Some((argument.get_long()?, argument.get_env()?.to_str()?)))
        .collect();
    let expected = [
        ("listen", "DOCUMENTS_LISTEN"),
        ("issuer", "DOCUMENTS_ISSUER"),
        ("audience", "DOCUMENTS_AUDIENCE"),
        ("jwks", "DOCUMENTS_JWKS"),
        ("public-url", "DOCUMENTS_PUBLIC_URL"),
        ("introspect", "DOCUMENTS_INTROSPECT"),
        ("client-id", "DOCUMENTS_CLIENT_ID"),
    ];
    assert_eq!(named, expected);
}

#[test]
fn contradictions_are_refused_all_at_once() {
    check_refused(&["--issuer", "https://idp.example"], "--issuer needs --audience");
    check_refused(&["--audience", "api", "--jwks", "keys.json"], "--audience needs --issuer");
    check_refused(&["--audience", "api", "--jwks", "keys.json"], "--jwks needs --issuer");
    check_refused(&["--issuer", "https://idp.example", "--audience", " "], "--audience is empty");
    check_refused(&["--dpop", "off", "--dpop-nonce"], "--dpop-nonce makes no sense");
    check_refused(&["--introspect", "discover"], "--introspect needs --issuer");
    check_refused(&["--introspect", "discover"], "DOCUMENTS_CLIENT_SECRET");
    check_refused(&["--client-id", "documents"], "DOCUMENTS_CLIENT_ID needs --issuer");
    check_refused(&["--tls-cert", "server.pem"], "--tls-cert needs --tls-key");
    check_refused(&["--tls-key", "server.key"], "--tls-key needs --tls-cert");
    check_refused(&["--client-ca", "ca.pem"], "--client-ca needs --tls-cert");
}

#[test]
fn values_that_make_no_sense_are_refused_with_an_example() {
    check_refused(&["--listen", "localhost"], "such as 127.0.0.1:8080");
    check_refused(&["--trusted-proxy", "10.0.0.0/33"], "such as 10.0.0.0/8");
    check_refused(&["--trusted-proxy", "0.0.0.0/0"], "trusts everyone");
    check_refused(&["--trusted-proxy", "::/0"], "trusts everyone");
    for rate in [
        "",
        "5",
        "5/",
        "/60",
        "0/60",
        "5/0",
        "-5/60",
        "+5/60",
        "5/60/1",
        "5.5/60",
        "5/86401",
        "99999999999/1",
    ] {
        check_refused(&[&format!("--rate={rate}")], "such as 5/60");
    }
}

#[test]
fn an_issuer_is_an_https_url_or_on_this_machine() {
    for good in ["https://idp.example", "http://127.0.0.1:9000", "http://[::1]:9000/x", "http://localhost:1"]
    {
        assert!(good.parse::<IssuerUrl>().is_ok(), "{good}");
    }
    assert!("http://localhost".parse::<IssuerUrl>().unwrap().is_insecure_plain_http());
    assert!(!"https://idp.example".parse::<IssuerUrl>().unwrap().is_insecure_plain_http());
    for bad in [
        "",
        "idp.example",
        "http://idp.example",
        "http://127.0.0.1.evil.example",
        "http://localhost.evil.example",
        "ftp://127.0.0.1",
        "https://",
        "https://idp.example/?a=b",
        "https://idp.example/#x",
        "https://u@idp.example",
        "http://127.0.0.1@evil.example",
        OWN_ISSUER,
    ] {
        assert!(bad.parse::<IssuerUrl>().is_err(), "{bad}");
    }
}
