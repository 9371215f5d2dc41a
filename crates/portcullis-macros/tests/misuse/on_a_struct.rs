use portcullis_macros::authorize;

#[authorize(scope("documents:read"))]
struct Api;

fn main() {}
