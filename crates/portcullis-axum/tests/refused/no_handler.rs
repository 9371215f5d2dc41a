use portcullis_axum::{Routes, get};

fn list() -> u32 {
    7
}

fn main() {
    let _: Routes = Routes::new().route("/documents", get(list).public("an example"));
}
