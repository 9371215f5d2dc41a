//! Where a request names its resource.

use super::*;

/// A document whose identifier stands somewhere else.
macro_rules! located {
    ($name:ident, $source:expr) => {
        #[derive(Debug)]
        struct $name(String);

        impl Resource for $name {
            type Id = String;
            type Store = Store;
            type Rules = Rules;
            const SOURCE: Source = $source;
        }

        impl Load<$name> for Store {
            async fn load(&self, id: &String) -> Result<Option<$name>, StoreError> {
                Ok((id != "absent").then(|| $name(id.clone())))
            }
        }

        impl Policy<Read, $name> for Rules {
            fn decide(&self, _: &Principal, _: &$name) -> Decision {
                Decision::allow(Reason::PolicyAllowed)
            }
        }
    };
}

located!(Queried, Source::Query("document"));
located!(Named, Source::Header("x-document"));
located!(Misnamed, Source::Header("no field"));
located!(Plain, Source::Path("id"));

async fn permit<R: Resource<Store = Store>>(request: &Request<()>) -> Result<R, Denial>
where
    Store: Load<R>,
    Rules: Policy<Read, R>,
{
    let view = RequestView::of(request).unwrap();
    Guard::new(&Rules).from_request::<Read, R>(&view, &Store::default()).await.map(Permit::into_inner)
}

#[tokio::test]
async fn a_query_parameter_names_the_resource() {
    let asked = async |query: &str| {
        let mut request = request(&known("", &[]));
        *request.uri_mut() = query.parse().unwrap();
        permit::<Queried>(&request).await.map(|found| found.0).map_err(|denial| denial.status().as_u16())
    };
    assert_eq!(asked("/x?document=7").await, Ok("7".to_owned()));
    assert_eq!(asked("/x?a=b&document=a%2Fb+c&d").await, Ok("a/b c".to_owned()));
    assert_eq!(asked("/x?document=absent").await, Err(404));
    assert_eq!(asked("/x?document=7&document=7").await, Err(400));
    assert_eq!(asked("/x?document=7&d%6fcument=8").await, Err(400));
    assert_eq!(asked("/x?document=%FF").await, Err(400));
    assert_eq!(asked("/x?other=7").await, Err(400));
    assert_eq!(asked("/x").await, Err(400));
}

#[tokio::test]
async fn a_header_field_names_the_resource() {
    let asked = async |values: &[&[u8]]| {
        let mut request = request(&known("", &[]));
        for value in values {
            let value = http::HeaderValue::from_bytes(value).unwrap();
            request.headers_mut().append("x-document", value);
        }
        permit::<Named>(&request).await.map(|found| found.0).map_err(|denial| denial.status().as_u16())
    };
    assert_eq!(asked(&[b"7"]).await, Ok("7".to_owned()));
    assert_eq!(asked(&[b"absent"]).await, Err(404));
    assert_eq!(asked(&[b"7", b"7"]).await, Err(400));
    assert_eq!(asked(&[b"\xc3\xa9"]).await, Err(400));
    assert_eq!(asked(&[]).await, Err(400));
}

#[tokio::test]
async fn the_caller_is_told_which_part_is_wrong_and_the_event_why() {
    let request = request(&known("", &[]));
    let denial = permit::<Queried>(&request).await.unwrap_err();
    assert_eq!(denial.hint_text(), Some("the query parameter `document` is missing"));
    assert!(matches!(noted(&request, Room::Guard)[..], [(Effect::Deny, Reason::MalformedRequest, true, _)]));
    let denial = permit::<Misnamed>(&request).await.map(|found| found.0).unwrap_err();
    assert_eq!(denial.reason(), Reason::Misconfigured);
}

#[tokio::test]
async fn an_identifier_longer_than_a_kibibyte_names_nothing() {
    let asked = async |length: usize| {
        let mut request = request(&known("", &[]));
        request.extensions_mut().insert(PathParameters::new([("id", "x".repeat(length))]));
        permit::<Plain>(&request).await.map(|found| found.0.len()).map_err(|denial| denial.status().as_u16())
    };
    assert_eq!(asked(MAX_IDENTIFIER).await, Ok(1024));
    assert_eq!(asked(MAX_IDENTIFIER + 1).await, Err(404));
}

/// Who is not known learns nothing of what a request must look like.
#[tokio::test]
async fn the_caller_is_asked_for_before_the_identifier() {
    assert_eq!(permit::<Queried>(&request(&Who::Anonymous)).await.unwrap_err().status(), 401);
    assert_eq!(permit::<Queried>(&request(&Who::NotAsked)).await.unwrap_err().status(), 500);
}
