//! Which rows there must be, and whether they are there.

use http::Method;

use super::builder::{METHODS_OF_ANY, Matrix, Variant};
use super::cell::Cell;
use super::exempt;
use super::fault::{MatrixFault, MatrixFaultKind};
use super::persona::Persona;
use super::relation::Relation;
use super::run::Seen;
use super::sheet::{self, Label, RouteName, Row, Sheet};
use super::target::Content;
use super::template;

/// A row that must be there, and what the file promises for it.
pub(super) struct Planned<'a> {
    /// How the file calls the row.
    pub(super) label: Label,
    /// The route of the application.
    pub(super) route: &'a RouteName,
    pub(super) method: Method,
    pub(super) relation: Option<&'a Relation>,
    /// The body of the route, or that of the name.
    pub(super) content: Option<&'a Content>,
    /// In the order of the personas of the test; `None` where the file says nothing.
    pub(super) cells: Vec<Option<Cell>>,
    /// 0 if the row is not in the file.
    pub(super) line: usize,
}

impl Planned<'_> {
    /// What is asked, and by whom, for messages.
    pub(super) fn about(&self, persona: &Persona) -> String {
        let Self { label, method, .. } = self;
        let by = if label.route.is_any() { format!(" by {method}") } else { String::new() };
        format!("{label}{by} as {}", persona.name())
    }
}

/// Whether what the test says fits together.
pub(super) fn setup(matrix: &Matrix) -> Vec<MatrixFault> {
    let mut wrong = Vec::new();
    if matrix.routes.is_empty() || matrix.personas.is_empty() {
        wrong.push("a matrix has routes and personas".to_owned());
    }
    for (index, persona) in matrix.personas.iter().enumerate() {
        let name = persona.name();
        if matrix.personas.iter().take(index).any(|other| other.name() == name) {
            wrong.push(format!("there are two personas `{name}`"));
        }
        if name.trim() != name || name.is_empty() || name.contains(['\n', '\r', '\\']) {
            wrong.push(format!("no persona can be called {name:?}"));
        }
    }
    for (index, relation) in matrix.relations.iter().enumerate() {
        let (name, template) = (relation.name(), relation.template());
        let is_same = |other: &Relation| (other.name(), other.template()) == (name, template);
        if matrix.relations.iter().take(index).any(is_same) {
            wrong.push(format!("there are two relations `{name}` to `{template}`"));
        }
        if !sheet::is_name(name) {
            wrong.push(format!("no relation can be called {name:?}"));
        }
        if !matrix.routes.iter().any(|route| relation.speaks_for(&route.path)) {
            wrong.push(format!("the relation `{name}` to `{template}` speaks for no route"));
        }
    }
    for (route, _) in &matrix.contents {
        if !matrix.routes.iter().any(|known| known.to_string() == *route) {
            wrong.push(format!("the body is for `{route}`, which is no route"));
        }
    }
    for (index, Variant { route, name, .. }) in matrix.variants.iter().enumerate() {
        match matrix.routes.iter().find(|known| known.to_string() == *route) {
            None => wrong.push(format!("the body `{name}` is for `{route}`, which is no route")),
            Some(known) if matrix.relations.iter().any(|relation| relation.speaks_for(&known.path)) => {
                wrong.push(format!("the body `{name}` is for `{route}`, whose rows are relations"));
            }
            Some(_) => {}
        }
        if !sheet::is_name(name) {
            wrong.push(format!("no body can be called {name:?}"));
        }
        if matrix.variants.iter().take(index).any(|other| (&other.route, &other.name) == (route, name)) {
            wrong.push(format!("there are two bodies `{name}` of `{route}`"));
        }
    }
    for path in &matrix.telling {
        if !matrix.routes.iter().any(|known| known.path == *path) {
            wrong.push(format!("`{path}`, which may tell what exists, is no route"));
        }
    }
    let named = matrix.absent.iter().flat_map(|(beside, absent)| beside.iter().chain([absent]));
    for name in named.filter(|name| !matrix.relations.iter().any(|relation| relation.name() == *name)) {
        wrong.push(format!("`{name}`, to compare refusals with, is no relation"));
    }
    wrong.extend(exempt::setup(matrix));
    wrong.into_iter().map(|message| MatrixFault::new(MatrixFaultKind::Setup, message)).collect()
}

/// The rows that must be there, sorted by path, method and relation; what no relation can fill is a fault.
pub(super) fn plan<'a>(matrix: &'a Matrix, sheet: &Sheet, faults: &mut Vec<MatrixFault>) -> Vec<Planned<'a>> {
    let mut routes: Vec<&RouteName> = matrix.routes.iter().collect();
    routes.sort();
    routes.dedup();
    let columns: Vec<Option<usize>> = matrix
        .personas
        .iter()
        .map(|persona| sheet.personas.iter().position(|name| name == persona.name()))
        .collect();
    let mut planned = Vec::new();
    for route in routes {
        let relations = speaking(matrix, &route.path);
        let kinds = kinds(matrix, route, &relations);
        if relations.is_empty() && template::has_parameters(&route.path) {
            let message = format!("`{route}` has parameters, and no relation speaks for it");
            faults.push(MatrixFault::new(MatrixFaultKind::Coverage, message));
            continue;
        }
        for (kind, method) in
            kinds.iter().flat_map(|kind| matrix.asked(route).into_iter().map(move |method| (kind, method)))
        {
            let named = |route: RouteName| Label { route, relation: kind.name.map(str::to_owned) };
            let row = |label: &Label| sheet.rows.iter().find(|row| row.label == *label);
            // A row for one method of all goes before the one for all.
            let own = named(RouteName::new(Some(&method), &route.path));
            let label = if row(&own).is_some() { own } else { named(route.clone()) };
            let row = row(&label);
            let cell = |column: &Option<usize>| row.and_then(|row| row.cells.get((*column)?).copied());
            let cells = columns.iter().map(cell).collect();
            let line = row.map_or(0, |row| row.line);
            let Kind { relation, content, .. } = *kind;
            planned.push(Planned { label, route, method, relation, content, cells, line });
        }
    }
    planned
}

/// What makes a row of a route one of several: a resource, or a body.
struct Kind<'a> {
    name: Option<&'a str>,
    relation: Option<&'a Relation>,
    content: Option<&'a Content>,
}

/// The rows of a route: one for each relation, or else for each of its bodies.
fn kinds<'a>(matrix: &'a Matrix, route: &RouteName, relations: &[&'a Relation]) -> Vec<Kind<'a>> {
    let name = route.to_string();
    let content = matrix.contents.iter().find(|(route, _)| *route == name).map(|(_, content)| content);
    if !relations.is_empty() {
        let of = |relation: &&'a Relation| Kind {
            name: Some(relation.name()),
            relation: Some(*relation),
            content,
        };
        return relations.iter().map(of).collect();
    }
    let mut kinds: Vec<Kind<'a>> = matrix
        .variants
        .iter()
        .filter(|variant| variant.route == name)
        .map(|variant| Kind { name: Some(&variant.name), relation: None, content: Some(&variant.content) })
        .collect();
    if kinds.is_empty() || content.is_some() {
        kinds.push(Kind { name: None, relation: None, content });
    }
    kinds.sort_by_key(|kind| kind.name);
    kinds
}

impl Matrix {
    /// The methods to ask the route by.
    fn asked(&self, route: &RouteName) -> Vec<Method> {
        if let Some(method) = route.method() {
            return vec![method];
        }
        let routed = self.methods_of(&route.path);
        METHODS_OF_ANY.into_iter().filter(|method| !routed.contains(method)).collect()
    }
}

/// The relations that speak for the path: of those with one name the one with the longest template, by name.
fn speaking<'a>(matrix: &'a Matrix, path: &str) -> Vec<&'a Relation> {
    let mut relations: Vec<&Relation> =
        matrix.relations.iter().filter(|relation| relation.speaks_for(path)).collect();
    relations.sort_by(|a, b| (a.name(), b.template().len()).cmp(&(b.name(), a.template().len())));
    relations.dedup_by(|later, kept| later.name() == kept.name());
    relations
}

/// What the file lacks, and what it has that nothing belongs to.
pub(super) fn coverage(matrix: &Matrix, sheet: &Sheet, planned: &[Planned<'_>]) -> Vec<MatrixFault> {
    let mut faults = Vec::new();
    let mut fault = |message: String, line| {
        faults.push(MatrixFault::new(MatrixFaultKind::Coverage, message).at(line));
    };
    let mut missing: Vec<&Label> = planned.iter().filter(|row| row.line == 0).map(|row| &row.label).collect();
    missing.dedup();
    for label in missing {
        fault(format!("`{label}` has no row"), 0);
    }
    for row in sheet.rows.iter().filter(|row| !planned.iter().any(|planned| planned.label == row.label)) {
        fault(stranger(matrix, row), row.line);
    }
    for persona in &matrix.personas {
        if !sheet.personas.iter().any(|name| name == persona.name()) {
            fault(format!("the persona `{}` has no column", persona.name()), 0);
        }
    }
    for name in &sheet.personas {
        if !matrix.personas.iter().any(|persona| persona.name() == name) {
            fault(format!("the column `{name}` belongs to no persona"), 0);
        }
    }
    faults
}

/// Routes that have their rows and were asked for nothing: nobody has such a resource.
pub(super) fn unasked(planned: &[Planned<'_>], seen: &[Seen<'_>]) -> Vec<MatrixFault> {
    let is_asked =
        |route: &RouteName| seen.iter().any(|seen| seen.row.route == route && seen.answer.is_some());
    let is_promised = |row: &&Planned<'_>| row.cells.iter().any(Option::is_some);
    let mut faults: Vec<MatrixFault> = Vec::new();
    let mut last = None;
    for row in planned.iter().filter(is_promised) {
        let route = row.route;
        if last != Some(route) && !is_asked(route) {
            let message = format!("`{route}` is never asked for: no persona has a resource there");
            faults.push(MatrixFault::new(MatrixFaultKind::Coverage, message).at(row.line));
        }
        last = Some(route);
    }
    faults
}

fn stranger(matrix: &Matrix, row: &Row) -> String {
    let Label { route, relation } = &row.label;
    if !matrix.routes.contains(route) {
        return format!("`{route}` is no route of the application");
    }
    match relation {
        Some(relation) => format!("the relation `{relation}` does not speak for `{route}`"),
        None => format!("`{route}` needs a relation: write `{route} (..)`"),
    }
}
