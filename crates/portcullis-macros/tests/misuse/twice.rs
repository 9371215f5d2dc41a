use portcullis_macros::authorize;

#[authorize(scope("documents:read"))]
#[authorize(role("editor"))]
async fn list() {}

fn main() {}
