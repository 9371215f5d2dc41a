use portcullis_macros::authorize;

#[authorize("documents:read")]
async fn list() {}

fn main() {}
