use portcullis_macros::authorize;

#[authorize]
async fn list() {}

fn main() {}
