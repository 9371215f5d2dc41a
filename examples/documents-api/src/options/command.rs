//! What else the program does than to serve.

use clap::{Subcommand, ValueEnum};
use portcullis::RouteTable;

/// Does one thing and ends.
#[derive(Clone, Debug, PartialEq, Eq, Subcommand)]
#[non_exhaustive]
pub enum Command {
    /// Print every route with what it demands, for the options given before.
    Routes {
        /// How it is printed.
        #[arg(long, value_enum, default_value_t = Format::Text)]
        format: Format,
    },
}

/// How a route table is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[non_exhaustive]
pub enum Format {
    /// Aligned columns.
    Text,
    /// A Markdown table.
    Markdown,
    /// A list of objects.
    Json,
    /// A page that stands alone.
    Html,
}

impl Format {
    /// The table in this format.
    pub fn print(self, table: &RouteTable) -> String {
        match self {
            Self::Text => table.to_string(),
            Self::Markdown => table.to_markdown(),
            Self::Json => table.to_json() + "\n",
            Self::Html => table.to_html(),
        }
    }
}
