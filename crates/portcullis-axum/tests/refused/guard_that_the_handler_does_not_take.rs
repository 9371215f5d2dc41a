use portcullis_axum::{DeclareGuards, Routes, get};

struct Read;

struct Document;

async fn show(_: String) {}

fn main() {
    let _: Routes = Routes::new().route(
        "/documents/{id}",
        get(show).public("an example").guards::<Read, Document>(),
    );
}
