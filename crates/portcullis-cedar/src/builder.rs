//! The settings of an engine.

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use portcullis_core::{ConfigCode, ConfigError, ConfigErrors};

use crate::caller::{CallerNames, Identity};
use crate::cedar::Cedar;
use crate::reload::Store;
use crate::source::{Document, Kind, Source};

/// How many policies there may be, those made from templates included: 10,000.
pub const DEFAULT_MAX_POLICIES: usize = 10_000;

/// How long policies, schemas and links may be together: 4 MiB, in octets.
pub const DEFAULT_MAX_OCTETS: usize = 4 * 1024 * 1024;

/// How often files are looked at: every 5 seconds.
pub const DEFAULT_POLL_INTERVAL: Duration = Duration::from_secs(5);

/// The shortest interval between two looks.
const MIN_POLL_INTERVAL: Duration = Duration::from_millis(100);

/// Everything that an engine is told.
#[derive(Clone)]
pub(crate) struct Settings {
    pub(crate) name: Arc<str>,
    pub(crate) sources: Vec<Source>,
    pub(crate) namespace: Option<String>,
    pub(crate) callers: CallerNames,
    pub(crate) max_policies: usize,
    pub(crate) max_octets: usize,
    pub(crate) poll_interval: Duration,
}

impl Settings {
    pub(crate) fn has_files(&self) -> bool {
        self.sources.iter().any(|source| !matches!(source, Source::Text(_)))
    }
}

/// Makes a [`Cedar`]. See the crate's docs.
#[derive(Clone)]
#[must_use = "a builder builds nothing until it is told to"]
pub struct CedarBuilder(Settings);

impl CedarBuilder {
    pub(crate) fn new() -> Self {
        Self(Settings {
            name: "cedar".into(),
            sources: Vec::new(),
            namespace: None,
            callers: CallerNames {
                user: "User".to_owned(),
                client: "Client".to_owned(),
                role: "Role".to_owned(),
                group: "Group".to_owned(),
                claims: Vec::new(),
                identity: Identity::ByIssuer { home: None },
            },
            max_policies: DEFAULT_MAX_POLICIES,
            max_octets: DEFAULT_MAX_OCTETS,
            poll_interval: DEFAULT_POLL_INTERVAL,
        })
    }

    /// Sets what events and the route table call it. By default, this is `cedar`.
    pub fn name(mut self, name: impl Into<Arc<str>>) -> Self {
        self.0.name = name.into();
        self
    }

    /// Adds a folder: its `*.cedar` are policies, `*.cedarschema` and `*.cedarschema.json` schemas, `*.links.json` links
    /// of templates. Folders within and files whose names begin with a dot are left alone. There may be
    /// [`MAX_FILES`](crate::MAX_FILES).
    pub fn directory(self, path: impl AsRef<Path>) -> Self {
        self.source(Source::Directory(path.as_ref().to_owned()))
    }

    /// Adds a file of policies.
    pub fn policies_file(self, path: impl AsRef<Path>) -> Self {
        self.source(Source::File(Kind::Policies, path.as_ref().to_owned()))
    }

    /// Adds policies that the program brings along. Messages and identifiers call them by the name.
    pub fn policies(self, name: &str, text: &str) -> Self {
        self.source(Source::Text(Document::new(Kind::Policies, name, text)))
    }

    /// Adds a file with a schema: JSON if its name ends in `.json`, else in Cedar's own syntax. Several schemas are
    /// read as one.
    pub fn schema_file(self, path: impl AsRef<Path>) -> Self {
        let path = path.as_ref();
        let is_json = path.extension().is_some_and(|extension| extension == "json");
        let kind = if is_json { Kind::JsonSchema } else { Kind::Schema };
        self.source(Source::File(kind, path.to_owned()))
    }

    /// Adds a schema in Cedar's own syntax that the program brings along.
    pub fn schema(self, name: &str, text: &str) -> Self {
        self.source(Source::Text(Document::new(Kind::Schema, name, text)))
    }

    /// Adds a schema in JSON that the program brings along.
    pub fn schema_json(self, name: &str, text: &str) -> Self {
        self.source(Source::Text(Document::new(Kind::JsonSchema, name, text)))
    }

    /// Adds a file that makes policies from templates: a list of `{"template_id": "..", "link_id": "..", "args":
    /// {"?principal": "User::\"alice\""}}`.
    pub fn links_file(self, path: impl AsRef<Path>) -> Self {
        self.source(Source::File(Kind::Links, path.as_ref().to_owned()))
    }

    /// Adds links of templates that the program brings along.
    pub fn links(self, name: &str, text: &str) -> Self {
        self.source(Source::Text(Document::new(Kind::Links, name, text)))
    }

    /// Sets the namespace in which the names of types and actions are looked for that name none. By default, it is that
    /// of the schema if it has only one, else none.
    pub fn namespace(mut self, namespace: impl Into<String>) -> Self {
        self.0.namespace = Some(namespace.into());
        self
    }

    /// Sets the entity type of callers. By default, this is `User`.
    pub fn principal_type(mut self, name: impl Into<String>) -> Self {
        self.0.callers.user = name.into();
        self
    }

    /// Sets the entity type of clients on their own behalf; where the schema has none, they are refused. By default,
    /// this is `Client`.
    ///
    /// With the type of other callers, a client could be taken for the user of the same name at the same issuer
    /// (RFC 9068 §5).
    pub fn client_type(mut self, name: impl Into<String>) -> Self {
        self.0.callers.client = name.into();
        self
    }

    /// Sets the entity type of roles. A caller is in each of its roles if the schema says that callers can be. By
    /// default, this is `Role`.
    pub fn role_type(mut self, name: impl Into<String>) -> Self {
        self.0.callers.role = name.into();
        self
    }

    /// Sets the entity type of groups. A caller is in each of its groups if the schema says that callers can be. By
    /// default, this is `Group`.
    pub fn group_type(mut self, name: impl Into<String>) -> Self {
        self.0.callers.group = name.into();
        self
    }

    /// Lets policies see these claims of callers, as attributes that the schema declares. By default, there are none.
    pub fn claims(mut self, names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.0.callers.claims.extend(names.into_iter().map(Into::into));
        self
    }

    /// Sets whose callers have their subject alone as identifier. By default, these are callers without an issuer, whom
    /// the application itself knows; others are `issuer#subject`.
    pub fn home_issuer(mut self, issuer: impl Into<Box<str>>) -> Self {
        self.0.callers.identity = Identity::ByIssuer { home: Some(issuer.into()) };
        self
    }

    /// Calls every caller by its subject alone.
    ///
    /// # What must protect instead
    /// Two issuers may give the same subject to two people, who are one to the policies then. The schemes must take
    /// tokens of a single issuer, and subjects must not be names of the application's own users.
    pub fn insecure_subject_alone(mut self) -> Self {
        self.0.callers.identity = Identity::SubjectAlone;
        self
    }

    /// Sets how many policies there may be. By default, this is [`DEFAULT_MAX_POLICIES`].
    pub fn max_policies(mut self, max: usize) -> Self {
        self.0.max_policies = max;
        self
    }

    /// Sets how long policies, schemas and links may be together, in octets. By default, this is
    /// [`DEFAULT_MAX_OCTETS`].
    pub fn max_octets(mut self, max: usize) -> Self {
        self.0.max_octets = max;
        self
    }

    /// Sets how often files are looked at by [`Cedar::spawn_watch`] and by upkeep, at least 100 milliseconds. What has
    /// changed is taken over at the second look that finds the same. By default, this is [`DEFAULT_POLL_INTERVAL`].
    pub fn poll_interval(mut self, interval: Duration) -> Self {
        self.0.poll_interval = interval.max(MIN_POLL_INTERVAL);
        self
    }

    /// Reads and checks everything.
    ///
    /// # Errors
    /// All of it at once, with files and lines: `P260` a policy cannot be parsed, `P261` the schema is missing or
    /// wrong, `P262` a policy does not fit it, `P263` a policy never applies, `P264` two policies have the same
    /// identifier, `P265` a file cannot be read, there is too much, or there is nothing, `P266` no caller fits the
    /// schema, `P267` a link fits no template.
    pub fn build(self) -> Result<Cedar, ConfigErrors> {
        if self.0.name.is_empty() {
            return Err(
                ConfigError::new(ConfigCode::CedarSourceUnusable, "the engine has an empty name").into()
            );
        }
        Store::open(self.0).map(Cedar::new)
    }

    fn source(mut self, source: Source) -> Self {
        self.0.sources.push(source);
        self
    }
}

impl fmt::Debug for CedarBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CedarBuilder")
            .field("name", &self.0.name)
            .field("sources", &self.0.sources.len())
            .finish_non_exhaustive()
    }
}
