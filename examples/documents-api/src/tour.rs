//! What a newcomer sees after the start: the routes, and lines to paste.

use std::fmt::{self, Write};

use portcullis::authz::Filter;

use crate::demo::USERS;
use crate::model::Summary;
use crate::server::Server;
use crate::start_error::StartError;

impl Server {
    /// The route table, the demo users, and curl lines with fresh credentials.
    ///
    /// # Errors
    /// [`StartError`] if the database or the signing key fails.
    pub async fn tour(&self) -> Result<String, StartError> {
        let url = self.url().to_owned();
        let proxied = self.has_local_proxy() && url.starts_with("http:");
        let mut tour = Tour { url, proxied, text: String::new() };
        let _ = write!(tour.text, "documents-api listens on {}\n\n{}\n", tour.url, self.app().route_table());
        self.users(&mut tour);
        self.lines(&mut tour).await?;
        Ok(tour.text)
    }

    fn users(&self, tour: &mut Tour) {
        let Some(credentials) = self.credentials() else {
            tour.note("The file of demo credentials is gone, and nobody knows the passwords. Start with an empty folder for new ones.");
            return;
        };
        tour.note("Demo users:");
        for (name, role, team) in USERS {
            let password = credentials.password(name).unwrap_or("?");
            let manages = team.map_or(String::new(), |team| format!(", manages {team}"));
            let _ = writeln!(tour.text, "  {name:<6} {password:<17} {role}{manages}");
        }
        let _ = writeln!(tour.text);
    }

    async fn lines(&self, tour: &mut Tour) -> Result<(), StartError> {
        tour.note("Try these in another terminal; the tokens are good for 15 minutes:");
        if tour.proxied {
            tour.note("(You trust a proxy on this machine: the lines say what one says of its client.)");
        }
        tour.line("everyone may ask whether the service is up", "", "/health");
        tour.line("without a credential there is a challenge", "", "/documents");
        if let Some(credentials) = self.credentials() {
            let password = credentials.password("alice").filter(|_| !self.proofs_required());
            if let Some(password) = password {
                let login = format!("-X POST -u alice:{password}");
                tour.line("alice trades her password for a token", &login, "/login");
            }
            let key = format!("-H 'X-Api-Key: {}'", credentials.api_key());
            tour.line("a program of alice's reads by API key, and cannot write", &key, "/documents");
        }
        if self.proofs_required() {
            tour.note("Every token must be bound to a key of the client (DPoP): curl alone makes no proofs.");
            return Ok(());
        }
        let (Some(alice), Some(bob), Some(maria), Some(rita), Some(adam)) = (
            self.bearer("alice").await?,
            self.bearer("bob").await?,
            self.bearer("maria").await?,
            self.bearer("rita").await?,
            self.bearer("adam").await?,
        ) else {
            return Ok(());
        };
        let new = |bearer: &str, title: &str| {
            format!(r#"-X POST {bearer} -H 'Content-Type: application/json' -d '{{"title":"{title}"}}'"#)
        };
        tour.line("alice sees who she is", &alice, "/me");
        tour.line("she lists what she may read", &alice, "/documents");
        tour.line("she writes a document", &new(&alice, "Notes"), "/documents");
        tour.line(
            "rita may only read: 403, and the challenge names the scope",
            &new(&rita, "No"),
            "/documents",
        );

        let all = self.database().readable_documents(&Filter::all(), None, 100).await?;
        let path = |title: &str| {
            let found = all.iter().find(|document: &&Summary| document.title == title);
            found.map(|document| format!("/documents/{}", document.id))
        };
        if let Some(diary) = path("Diary") {
            tour.line("alice reads her diary", &alice, &diary);
            tour.line("for bob it does not exist: 404", &bob, &diary);
            tour.line("an admin reads everything", &adam, &diary);
        }
        if let Some(plans) = path("Engine plans") {
            tour.line("maria manages engineering, so she reads bob's plans", &maria, &plans);
            let change =
                format!(r#"-X PUT {maria} -H 'Content-Type: application/json' -d '{{"title":"x"}}'"#);
            tour.line("but she does not change them: 404", &change, &plans);
        }
        tour.line("an admin sees what happened", &adam, "/admin/audit");
        tour.line("alice does not: 403", &alice, "/admin/audit");
        Ok(())
    }

    async fn bearer(&self, user: &str) -> Result<Option<String>, StartError> {
        let token = self.token_for(user).await?;
        Ok(token.map(|token| format!("-H 'Authorization: Bearer {}'", token.access_token)))
    }
}

struct Tour {
    url: String,
    /// Whether the lines pass for those of a trusted proxy.
    proxied: bool,
    text: String,
}

impl Tour {
    fn note(&mut self, note: impl fmt::Display) {
        let _ = writeln!(self.text, "{note}\n");
    }

    fn line(&mut self, about: &str, arguments: &str, path: &str) {
        let space = if arguments.is_empty() { "" } else { " " };
        let proxy = if self.proxied { FORWARDED } else { "" };
        let _ = writeln!(self.text, "  # {about}\n  curl -i{proxy}{space}{arguments} {}{path}\n", self.url);
    }
}

/// What a proxy says that ends TLS, of a client at an address of documentation (RFC 5737).
const FORWARDED: &str = " -H 'X-Forwarded-For: 192.0.2.1' -H 'X-Forwarded-Proto: https'";
