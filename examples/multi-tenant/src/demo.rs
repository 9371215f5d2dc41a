//! A stand-in for the issuer, and what to try with its tokens.

use std::time::Duration;

use portcullis_testkit::{TestIssuer, TokenBuilder};

use crate::app::{READ, WRITE};

/// The `iss` of every token.
pub const ISSUER: &str = "https://login.example";
/// The `aud` of every token.
pub(crate) const AUDIENCE: &str = "https://projects.example";

/// How long the printed tokens work.
const LIFETIME: Duration = Duration::from_secs(15 * 60);

/// An issuer with keys of its own, made when the program starts.
pub fn issuer() -> TestIssuer {
    TestIssuer::offline(ISSUER).with_audience(AUDIENCE)
}

/// A token of somebody of the tenant; `role` may be empty.
pub(crate) fn token(issuer: &TestIssuer, subject: &str, tenant: &str, role: &str) -> TokenBuilder {
    let token = issuer.token(subject).scope(&format!("{READ} {WRITE}")).claim("tenant", tenant);
    let token = if role.is_empty() { token } else { token.claim("roles", vec![role]) };
    token.expires_in(LIFETIME)
}

/// Tokens and curl lines to paste.
pub fn tour(url: &str, issuer: &TestIssuer) -> String {
    let token = |subject, tenant, role| token(issuer, subject, tenant, role).sign();
    let (ann, amy) = (token("ann", "acme", ""), token("amy", "acme", "admin"));
    let gus = token("gus", "globex", "admin");
    let otto = issuer.token("otto").scope(READ).expires_in(LIFETIME).sign();
    format!(
        r#"The tokens are those of a stand-in for an issuer, and work for 15 minutes. Try:

# ann and amy are of acme, gus is of globex, otto is of no tenant; amy and gus are admins
ANN={ann}
AMY={amy}
GUS={gus}
OTTO={otto}

# 201: ann creates project 1 of acme, gus creates project 1 of globex
curl -i -H "Authorization: Bearer $ANN" --json '{{"name":"Rockets"}}' {url}/tenants/acme/projects
curl -i -H "Authorization: Bearer $GUS" --json '{{"name":"Hammocks"}}' {url}/tenants/globex/projects

# 200: each sees their own
curl -i -H "Authorization: Bearer $ANN" {url}/tenants/acme/projects/1
curl -i -H "Authorization: Bearer $GUS" {url}/mine/projects/1

# 403: the tenant in the path is not that of the token, whether or not there is such a tenant
curl -i -H "Authorization: Bearer $GUS" {url}/tenants/acme/projects/1
curl -i -H "Authorization: Bearer $GUS" {url}/tenants/nowhere/projects/1

# 422: no body names a tenant
curl -i -H "Authorization: Bearer $GUS" --json '{{"name":"Mine","tenant":"acme"}}' {url}/mine/projects

# 201, 404, 204: ann creates project 2 of acme; the admin of globex does not find it; the admin of acme deletes it
curl -i -H "Authorization: Bearer $ANN" --json '{{"name":"Anvils"}}' {url}/mine/projects
curl -i -H "Authorization: Bearer $GUS" -X DELETE {url}/mine/projects/2
curl -i -H "Authorization: Bearer $AMY" -X DELETE {url}/tenants/acme/projects/2

# 200, 403: the admin sets a budget, which ann sees as the owner; she may not set it herself
curl -i -H "Authorization: Bearer $AMY" -X PUT --json '{{"name":"Rockets","budget":100}}' {url}/mine/projects/1
curl -i -H "Authorization: Bearer $ANN" -X PUT --json '{{"name":"Rockets","budget":1000}}' {url}/mine/projects/1

# 403: a caller of no tenant sees nothing
curl -i -H "Authorization: Bearer $OTTO" {url}/mine/projects
"#
    )
}
