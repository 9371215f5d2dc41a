//! Every cell, one after the other.

use std::error::Error;
use std::fmt::Debug;

use bytes::Bytes;
use http::{Method, Request, Response};
use hyper::body::Body;
use tower_service::Service;

use super::answer::Answer;
use super::ask::{Application, Question, within};
use super::builder::Matrix;
use super::cell::Cell;
use super::cover::{self, Planned};
use super::fault::{MatrixError, MatrixFault, MatrixFaultKind};
use super::persona::Persona;
use super::report::MatrixReport;
use super::sheet::{RouteName, Sheet};
use super::target::Content;
use super::update::{self, Update};
use super::{alike, exempt, explained, probe, template};

/// A resource of a route: where it is, and the body of a request for it.
pub(super) struct Place {
    pub(super) path: String,
    pub(super) content: Option<Content>,
}

/// What a cell showed.
pub(super) struct Seen<'a> {
    pub(super) row: &'a Planned<'a>,
    pub(super) persona: &'a Persona,
    /// `None` where the persona has no such resource.
    pub(super) answer: Option<Answer>,
}

impl Matrix {
    /// Proves the table, or ends the test with everything that differs.
    ///
    /// The application is any service over HTTP requests; each cell calls a clone of it. With `PORTCULLIS_UPDATE=1` in
    /// the environment, the file is written as the application answers, which is for a developer to review: where `CI` is
    /// set it fails.
    pub async fn run<S, B, R>(self, app: S) -> MatrixReport
    where
        S: Service<Request<B>, Response = Response<R>> + Clone + 'static,
        S::Error: Debug,
        B: From<Bytes> + 'static,
        R: Body,
        R::Error: Into<Box<dyn Error + Send + Sync>>,
    {
        match self.check(app).await {
            Ok(report) => {
                eprintln!("authorization matrix: {report}");
                report
            }
            Err(error) => end(&error),
        }
    }

    /// Proves the table.
    ///
    /// # Errors
    /// Everything that differs, at once.
    pub async fn check<S, B, R>(self, app: S) -> Result<MatrixReport, MatrixError>
    where
        S: Service<Request<B>, Response = Response<R>> + Clone + 'static,
        S::Error: Debug,
        B: From<Bytes> + 'static,
        R: Body,
        R::Error: Into<Box<dyn Error + Send + Sync>>,
    {
        let app = Application::new(app, self.deadline);
        let mut faults = Vec::new();
        match self.prove(app, &mut faults).await {
            Some(report) if faults.is_empty() => Ok(report),
            _ => Err(MatrixError::new(self.file.display().to_string(), faults)),
        }
    }

    /// `None` if there is nothing that could be proven.
    async fn prove(&self, mut app: Application, faults: &mut Vec<MatrixFault>) -> Option<MatrixReport> {
        faults.extend(cover::setup(self));
        let sheet = match update::read(&self.file, self.update) {
            Ok(sheet) => sheet,
            Err(wrong) => {
                faults.extend(wrong);
                return None;
            }
        };
        let planned = cover::plan(self, &sheet, faults);
        if self.update != Update::Write {
            faults.extend(cover::coverage(self, &sheet, &planned));
            faults.extend(exempt::listed(self, &sheet));
        }
        if faults.iter().any(|fault| fault.kind() == MatrixFaultKind::Setup) {
            return None;
        }
        let mut report = MatrixReport { routes: self.routes.len(), ..MatrixReport::default() };
        let seen = self.cells(&mut app, &planned, faults).await;
        report.cells = seen.len();
        if self.update != Update::Write {
            faults.extend(cover::unasked(&planned, &seen));
        }
        report.methods = probe::methods(self, &mut app, &planned, faults).await;
        faults.extend(exempt::uncovered(self, &planned));
        report.compared = alike::compare(self, &seen, faults);
        report.explained = explained::check(&seen, faults);
        if self.update == Update::Write && faults.is_empty() {
            let rows = update::observed(&planned, &seen);
            let personas = self.personas.iter().map(|persona| persona.name().to_owned()).collect();
            let exempt = exempt::list(self);
            faults.extend(update::write(&self.file, &Sheet { personas, rows, exempt, ..sheet }).err());
            report.updated = true;
        }
        Some(report)
    }

    async fn cells<'a>(
        &'a self,
        app: &mut Application,
        planned: &'a [Planned<'a>],
        faults: &mut Vec<MatrixFault>,
    ) -> Vec<Seen<'a>> {
        let mut seen = Vec::new();
        for row in planned {
            for (persona, cell) in self.personas.iter().zip(&row.cells) {
                if cell.is_none() && self.update != Update::Write {
                    continue;
                }
                let about = row.about(persona);
                match self.cell(app, row, persona).await {
                    Err(wrong) => {
                        let fault = MatrixFault::new(MatrixFaultKind::Cell, format!("{about}: {wrong}"));
                        faults.push(fault.at(row.line));
                    }
                    Ok(answer) => {
                        if let Some(wrong) = self.differs(*cell, answer.as_ref()) {
                            let fault = MatrixFault::new(MatrixFaultKind::Cell, format!("{about}: {wrong}"));
                            faults.push(fault.at(row.line));
                        }
                        if let Some(answer) = &answer {
                            faults.extend(probe::disguised(self, app, row, persona, answer).await);
                        }
                        seen.push(Seen { row, persona, answer });
                    }
                }
            }
        }
        seen
    }

    /// The answer to a fresh request; `None` if the persona has no such resource.
    async fn cell(
        &self,
        app: &mut Application,
        row: &Planned<'_>,
        persona: &Persona,
    ) -> Result<Option<Answer>, String> {
        if let Some(reset) = &self.reset {
            within(self.deadline, "no reset", reset()).await?;
        }
        let Some(place) = self.place(row, persona).await? else { return Ok(None) };
        let method = row.method.clone();
        // Of all methods, these two have no body.
        let has_body = !row.route.is_any() || !matches!(method, Method::GET | Method::HEAD);
        let (path, content) = (place.path.as_str(), place.content.as_ref().filter(|_| has_body));
        app.ask(&Question { persona, method, path, content, disguise: None }).await.map(Some)
    }

    /// Where the resource of the route is; `None` if the persona has none.
    pub(super) async fn place(&self, row: &Planned<'_>, persona: &Persona) -> Result<Option<Place>, String> {
        let (route, content) = (row.route, row.content.cloned());
        let Some(relation) = row.relation else {
            return Ok(Some(Place { path: route.path.clone(), content }));
        };
        let found = within(self.deadline, "no resource", relation.find(persona.name())).await?;
        let Some(target) = found else { return Ok(None) };
        if !template::fits(relation.template(), &target.path) {
            return Err(format!("`{}` is no path of `{}`", target.path, relation.template()));
        }
        let rest = template::rest(relation.template(), &route.path).unwrap_or_default();
        Ok(Some(Place { path: template::join(&target.path, rest), content: target.content.or(content) }))
    }

    /// What is wrong with the answer. While the file is written anew, only what it could not say.
    fn differs(&self, cell: Option<Cell>, answer: Option<&Answer>) -> Option<String> {
        let Some(answer) = answer else {
            let says = cell.filter(|cell| *cell != Cell::NotApplicable && self.update != Update::Write)?;
            return Some(format!("expected {}, but it has no such resource: write `n/a`", says.wish()));
        };
        if answer.is_nowhere() {
            return Some(format!("no route answers there: got {answer}"));
        }
        if cell.is_some_and(|cell| cell.holds(answer)) {
            return None;
        }
        if answer.status() >= 500 {
            return Some(format!("the application failed: got {answer}"));
        }
        let cell = cell.filter(|_| self.update != Update::Write)?;
        Some(format!("expected {}, got {answer}{}", cell.wish(), answer.tree()))
    }

    /// The methods that the path has.
    pub(super) fn methods_of(&self, path: &str) -> Vec<Method> {
        self.routes.iter().filter(|route| route.path == path).filter_map(RouteName::method).collect()
    }
}

#[expect(clippy::panic, reason = "a test kit whose table is not true must end the test")]
fn end(error: &MatrixError) -> ! {
    panic!("{error}")
}
