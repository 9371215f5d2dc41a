//! Where policies, schemas and links of templates come from.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use portcullis_core::escape::Escaped;
use portcullis_core::{ConfigCode, ConfigError, ConfigErrors};

/// How many files one directory may hold that are taken: 1,000. More is an error.
pub const MAX_FILES: usize = 1_000;

/// One place that something is read from, each time anew.
#[derive(Clone)]
pub(crate) enum Source {
    /// Every `*.cedar`, `*.cedarschema`, `*.cedarschema.json` and `*.links.json` of a folder.
    Directory(PathBuf),
    File(Kind, PathBuf),
    /// What the program brings along.
    Text(Document),
}

/// What a text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    JsonSchema,
    Links,
    Policies,
    Schema,
}

impl Kind {
    /// By the name of a file, if it is one to take.
    fn of(name: &str) -> Option<Self> {
        let ends = |suffix| name.len() > str::len(suffix) && name.ends_with(suffix);
        if name.starts_with('.') {
            None
        } else if ends(".cedar") {
            Some(Self::Policies)
        } else if ends(".cedarschema") {
            Some(Self::Schema)
        } else if ends(".cedarschema.json") {
            Some(Self::JsonSchema)
        } else if ends(".links.json") {
            Some(Self::Links)
        } else {
            None
        }
    }
}

/// A text and what to call it.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Document {
    pub(crate) kind: Kind,
    /// For messages: the path as it was given.
    pub(crate) name: Arc<str>,
    /// For identifiers: the last part of the path.
    pub(crate) short: Arc<str>,
    pub(crate) text: Arc<str>,
}

impl Document {
    pub(crate) fn new(kind: Kind, name: &str, text: &str) -> Self {
        let short = Path::new(name).file_name().and_then(OsStr::to_str).unwrap_or(name);
        Self { kind, name: name.into(), short: short.into(), text: text.into() }
    }

    /// An error at a line of this text.
    pub(crate) fn error(&self, code: ConfigCode, line: usize, what: &str) -> ConfigError {
        let what = Escaped::new(what).with_limit(MAX_MESSAGE);
        ConfigError::new(code, format!("`{}:{line}`: {what}", Escaped::new(&self.name)))
    }
}

/// How many characters of an engine's message are shown.
const MAX_MESSAGE: usize = 500;

/// Everything as it is now, or everything that cannot be read.
pub(crate) fn read(sources: &[Source], max_octets: usize) -> Result<Vec<Document>, ConfigErrors> {
    let mut reader =
        Reader { left: max_octets, max: max_octets, documents: Vec::new(), errors: ConfigErrors::new() };
    for source in sources {
        match source {
            Source::Directory(path) => reader.directory(path),
            Source::File(kind, path) => reader.file(*kind, path),
            Source::Text(document) => reader.text(document),
        }
    }
    reader.errors.into_result(reader.documents)
}

struct Reader {
    left: usize,
    max: usize,
    documents: Vec<Document>,
    errors: ConfigErrors,
}

impl Reader {
    fn directory(&mut self, path: &Path) {
        match listed(path) {
            Ok(files) => files.iter().for_each(|(kind, path)| self.file(*kind, path)),
            Err(error) => self.unusable(path, &error),
        }
    }

    fn file(&mut self, kind: Kind, path: &Path) {
        match read_file(path, self.left) {
            Ok(Some(text)) => {
                self.left -= text.len();
                self.documents.push(Document::new(kind, &path.to_string_lossy(), &text));
            }
            Ok(None) => self.too_large(),
            Err(error) => self.unusable(path, &error),
        }
    }

    fn text(&mut self, document: &Document) {
        match self.left.checked_sub(document.text.len()) {
            Some(left) => {
                self.left = left;
                self.documents.push(document.clone());
            }
            None => self.too_large(),
        }
    }

    fn too_large(&mut self) {
        let what = format!("policies and schemas are longer than {} octets together", self.max);
        let error = ConfigError::new(ConfigCode::CedarSourceUnusable, what);
        if !self.errors.iter().any(|known| *known == error) {
            self.errors.push(error);
        }
    }

    fn unusable(&mut self, path: &Path, error: &io::Error) {
        let path = path.to_string_lossy();
        let what = format!("`{}` cannot be read: {error}", Escaped::new(&path));
        self.errors.push(ConfigError::new(ConfigCode::CedarSourceUnusable, what));
    }
}

/// The files to take, in the order of their names.
fn listed(folder: &Path) -> io::Result<Vec<(Kind, PathBuf)>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        // A name that is no text is no reason to leave out a policy that forbids.
        if let Some(kind) = path.file_name().and_then(|name| Kind::of(&name.to_string_lossy())) {
            files.push((kind, path));
        }
        if files.len() > MAX_FILES {
            return Err(io::Error::other(format!("it holds more than {MAX_FILES} files of policies")));
        }
    }
    files.sort_by(|(_, one), (_, other)| one.cmp(other));
    Ok(files)
}

/// The text of a file, or `None` if it is longer than the limit.
fn read_file(path: &Path, limit: usize) -> io::Result<Option<String>> {
    let mut text = String::new();
    File::open(path)?.take(limit as u64 + 1).read_to_string(&mut text)?;
    Ok(Some(text).filter(|text| text.len() <= limit))
}

/// The line of an offset, from one.
pub(crate) fn line_of(text: &str, offset: usize) -> usize {
    let before = text.as_bytes().get(..offset.min(text.len())).unwrap_or_default();
    1 + portcullis_core::octets::count(before, |octet| octet == b'\n')
}
