use std::error::Error;
use std::fmt;

/// Everything in which the table and the application differ.
#[derive(Clone, Debug)]
pub struct MatrixError {
    file: String,
    faults: Vec<MatrixFault>,
}

impl MatrixError {
    pub(super) fn new(file: String, mut faults: Vec<MatrixFault>) -> Self {
        faults.sort_by_key(|fault| (fault.kind, fault.line));
        Self { file, faults }
    }

    /// The faults: at least one, by kind, then by line.
    #[must_use]
    pub fn faults(&self) -> &[MatrixFault] {
        &self.faults
    }
}

impl fmt::Display for MatrixError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "authorization matrix {}: {} faults", self.file, self.faults.len())?;
        for fault in &self.faults {
            writeln!(f, "  {fault}")?;
        }
        f.write_str("where the application is right, PORTCULLIS_UPDATE=1 writes the table anew: review the difference")
    }
}

impl Error for MatrixError {}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MatrixFault {
    kind: MatrixFaultKind,
    line: Option<usize>,
    message: String,
}

impl MatrixFault {
    pub(super) fn new(kind: MatrixFaultKind, message: impl Into<String>) -> Self {
        Self { kind, line: None, message: message.into() }
    }

    pub(super) fn at(self, line: usize) -> Self {
        Self { line: (line > 0).then_some(line), ..self }
    }

    /// What is wrong.
    #[must_use]
    pub fn kind(&self) -> MatrixFaultKind {
        self.kind
    }

    /// The line of the file, from 1, if it is about one.
    #[must_use]
    pub fn line(&self) -> Option<usize> {
        self.line
    }
}

impl fmt::Display for MatrixFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(line) = self.line {
            write!(f, "line {line}: ")?;
        }
        f.write_str(&self.message)
    }
}

/// What can be wrong with a matrix, in the order in which it is reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum MatrixFaultKind {
    /// The file cannot be read or written, or must not be written here.
    File,
    /// A line of the file is not what it should be.
    Syntax,
    /// What the test says of personas, relations and bodies does not fit together.
    Setup,
    /// A route, a persona or a relation has no row or column, or a row or column has none of them.
    Coverage,
    /// An answer is not what its cell promises.
    Cell,
    /// A method that the path does not have was not answered 405, or a field of the request changed the method.
    Method,
    /// A refusal tells whether the resource exists.
    Telltale,
    /// The audit event of a refusal says no more than its reason: no text, and no tree of what was asked and held.
    Unexplained,
}
