use portcullis_macros::authorize;

struct Api;

#[authorize]
impl Api {
    #[authorize(scope("documents:read"))]
    async fn list(&self) {}
}

fn main() {}
