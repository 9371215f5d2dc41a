//! An API of many tenants, each of whom sees their own. `README.md` is the tour.
//!
//! What a tenant's wall is made of, and what happens to who forgets it:
//!
//! The application's state hands out no store but the one with walls. A handler that asks for the bare one does not
//! compile:
//!
//! ```compile_fail,E0277
//! use axum::extract::State;
//! use multi_tenant::{Projects, Shared};
//! use portcullis::prelude::*;
//!
//! async fn everything(State(projects): State<Projects>) {}
//!
//! let routes = Routes::<Shared>::new().route("/everything", get(everything).requires(authenticated()));
//! ```
//!
//! With the store of the caller's tenant it does:
//!
//! ```
//! use multi_tenant::{InTenant, Project, Shared};
//! use portcullis::authz::Read;
//! use portcullis::prelude::*;
//!
//! async fn names(visible: Visible<Read, Project>, projects: InTenant) -> String {
//!     projects.list(&visible).into_iter().map(|project| project.name).collect()
//! }
//!
//! let routes = Routes::<Shared>::new().route("/names", get(names).requires(authenticated()));
//! ```
//!
//! A kind of thing that does not say which tenant it belongs to cannot be loaded:
//!
//! ```compile_fail,E0277
//! use multi_tenant::{Rules, Shared};
//! use portcullis::authz::{Load, LoadInTenant, Policy, Read, Resource, TenantStore};
//! use portcullis::core::StoreError;
//! use portcullis::prelude::*;
//!
//! struct Note;
//! struct Notes;
//!
//! impl Resource for Note {
//!     type Id = u32;
//!     type Store = TenantStore<Notes>;
//!     type Rules = Rules;
//! }
//! # impl LoadInTenant<Note> for Notes {
//! #     async fn load_in_tenant(&self, _: &str, _: &u32) -> Result<Option<Note>, StoreError> { Ok(None) }
//! # }
//!
//! fn can_be_loaded<R: Resource>() where R::Store: Load<R> {}
//! can_be_loaded::<Note>(); // no `impl TenantScoped for Note`
//! ```
//!
//! Nor can one that says it, in a store that shows it to all tenants:
//!
//! ```compile_fail,E0277
//! use multi_tenant::Rules;
//! use portcullis::authz::{Field, Resource, TenantScoped};
//!
//! struct Note { tenant: String }
//! struct Notes;
//!
//! impl Resource for Note {
//!     type Id = u32;
//!     type Store = Notes; // no `TenantStore<Notes>`
//!     type Rules = Rules;
//! }
//!
//! impl TenantScoped for Note {
//!     const TENANT: Field<Self, str> = Field::text("tenant", |note| Some(&note.tenant));
//! }
//! ```
//!
//! The projects themselves are private to the store, so that no other module can go around it:
//!
//! ```compile_fail,E0616
//! fn everything(projects: &multi_tenant::Projects) -> usize {
//!     projects.all.lock().unwrap().len()
//! }
//! ```

mod app;
mod demo;
mod project;
mod store;

pub use self::app::{Limits, READ, Shared, WRITE, app};
pub use self::demo::{ISSUER, issuer, tour};
pub use self::project::{Change, InvalidName, Name, Project, ProjectId, Rules};
pub use self::store::{InTenant, MAX_PROJECTS, Projects};
