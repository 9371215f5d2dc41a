use portcullis_macros::authorize;

#[authorize(scope("documents:read"))]
fn list() {}

fn main() {}
