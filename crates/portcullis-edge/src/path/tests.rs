use http::uri::PathAndQuery;
use portcullis_core::ProblemType;
use proptest::prelude::*;

use super::*;
use crate::testing::Head;

fn uri(path: &str) -> Uri {
    PathAndQuery::try_from(path).unwrap().into()
}

#[track_caller]
fn check(policy: &PathPolicy, path: &str, allowed: bool) {
    let result = policy.check_path(&uri(path));
    assert_eq!(result.is_ok(), allowed, "{path}");
    if let Err(denial) = result {
        assert_eq!((denial.reason(), denial.kind()), (Reason::AmbiguousPath, ProblemType::InvalidRequest));
    }
}

#[test]
fn ordinary_paths_pass() {
    for path in [
        "/",
        "/a",
        "/a/",
        "/a/b.c",
        "/.well-known/x",
        "/...",
        "/a..b",
        "/..a",
        "/a%20b",
        "/caf%C3%A9",
        "/%E2%82%AC",
        "/100%25",
        "/50%25off",
        "/a;v=1",
        "/a?x=/../%2f%00\\",
        "/a%3Fb",
        "/a%23b",
        "/~x/!$&'()*+,=:@",
        "*",
    ] {
        check(&PathPolicy::strict(), path, true);
    }
    assert!(PathPolicy::strict().check_path(&"a.example:443".parse().unwrap()).is_ok());
}

#[test]
fn paths_with_several_readings_are_refused() {
    for path in [
        "//",
        "//a",
        "/a//b",
        "/a//",
        "/a/.",
        "/./a",
        "/a/../b",
        "/..",
        "/%2e",
        "/%2E%2e/a",
        "/.%2e",
        "/a/..;/b",
        "/a/..;x=y",
        "/.;/a",
        "/%2e%2e%3b/a",
        "/a%2Fb",
        "/a%2fb",
        "/%2e%2e%2fa",
        "/a%5Cb",
        "/a\\b",
        "/..%5c",
        "/a%00",
        "/%0d%0a",
        "/%7f",
        "/%C2%85",
        "/%",
        "/%2",
        "/%zz",
        "/%2x",
        "/%+2",
        "/%ff",
        "/%c0%ae",
        "/%c0%af",
        "/%e0%80%af",
        "/%ed%a0%80",
        "/%252e%252e/",
        "/a%252fb",
        "/a%255cb",
        "/a%2500",
        "/%252525",
        "/a%25%32%66",
        // RFC 3986 §2.3: the same as `/admin`, `/a.b` and `/~x`, but not to a router.
        "/%61dmin",
        "/%41",
        "/v%31",
        "/a%2eb",
        "/a%2Db",
        "/a%5Fb",
        "/%7Ex",
    ] {
        check(&PathPolicy::strict(), path, false);
    }
}

#[test]
fn an_encoded_slash_passes_where_it_is_allowed_but_hides_no_dot_segment() {
    let policy = PathPolicy::strict().allow_encoded_slash();
    for path in ["/a%2Fb", "/a%2fb/c", "/%2Fetc"] {
        check(&policy, path, true);
    }
    for path in ["/a%2F..%2Fb", "/%2e%2e%2fa", "/a%2f.", "/a%5Cb", "/a//b", "/a%252fb", "/a%2f%00"] {
        check(&policy, path, false);
    }
}

#[test]
fn a_refusal_is_noted() {
    let head = Head::from("192.0.2.1").target("/a//b", http::Version::HTTP_11);
    assert!(head.ask(|view| PathPolicy::strict().check(view)).is_err());
    assert_eq!(head.noted(), ["ambiguous_path"]);
}

proptest! {
    #[test]
    fn no_path_panics_and_none_that_passes_changes_when_dots_are_resolved(path in "/[a-c./%2eEfF5cC0;\\\\]{0,24}") {
        let Ok(target) = PathAndQuery::try_from(path.as_str()) else { return Ok(()) };
        let uri: Uri = target.into();
        if PathPolicy::strict().check_path(&uri).is_ok() {
            let decoded = path.replace("%2e", ".").replace("%2E", ".");
            prop_assert!(decoded.split('/').all(|segment| segment != "." && segment != ".."));
            prop_assert!(!path.contains("//") && !path.to_lowercase().contains("%2f"));
        }
    }
}
