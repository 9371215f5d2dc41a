use portcullis_axum::{Routes, get};

async fn list() {}

fn main() {
    let _: Routes = Routes::new().route("/documents", get(list).public("an example"));
}
