use portcullis_axum::{Routes, get, post};

async fn list() {}

async fn create() {}

fn main() {
    let handlers = get(list).public("an example");
    let _: Routes = Routes::new().route("/drafts", post(create)).route("/documents", handlers);
}
