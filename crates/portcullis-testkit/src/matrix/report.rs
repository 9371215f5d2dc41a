use std::fmt;

/// What a matrix proved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct MatrixReport {
    /// How many routes there are; each has a row.
    pub routes: usize,
    /// How many cells were asked for and held.
    pub cells: usize,
    /// How many requests were sent by a method that the path does not have, or that named another in a field.
    pub methods: usize,
    /// How many refusals were compared with the answer for an absent resource.
    pub compared: usize,
    /// How many refusals the audit can explain: all that the framework gave.
    pub explained: usize,
    /// Whether the file was written anew.
    pub updated: bool,
}

impl fmt::Display for MatrixReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { routes, cells, methods, compared, explained, updated } = self;
        write!(f, "{routes} routes, {cells} cells, {methods} other methods, {compared} refusals compared, ")?;
        write!(f, "{explained} explained")?;
        f.write_str(if *updated { "; the file was written anew" } else { "" })
    }
}
