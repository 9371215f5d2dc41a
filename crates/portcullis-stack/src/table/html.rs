//! The table as a page that stands alone.

use std::fmt::Write as _;

use super::RouteTable;
use super::printed::Printed;

impl RouteTable {
    /// The content security policy under which the page of [`to_html`](Self::to_html) works; for the field of that
    /// name. It lets nothing be loaded, and no script and no style work but those of the page.
    pub const HTML_CONTENT_SECURITY_POLICY: &str = "default-src 'none'; \
         style-src 'sha256-Bys3nveqD6sFuLVouwYdI5zw/WsWZf/5uCXGp1MGmeI='; \
         script-src 'sha256-Byeq4uZJUXkaFaMP4OqE6npExIfXqpwWjt/5csUMAXw='; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
}

/// The style of the page: without images and fonts, in light and dark.
const STYLE: &str = include_str!("page.css");

/// Hides the rows that do not have the words searched for. Without scripts, the whole table is shown.
const SCRIPT: &str = include_str!("page.js");

pub(super) fn page(rows: &[Printed]) -> String {
    // A policy in the page itself cannot say who may frame it.
    let policy =
        RouteTable::HTML_CONTENT_SECURITY_POLICY.split("; frame-ancestors").next().unwrap_or_default();
    let public = rows.iter().filter(|row| row.public).count();
    let mut page = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{policy}\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"referrer\" content=\"no-referrer\">\n\
         <title>Routes</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n<h1>Routes</h1>\n\
         <p>{} routes, {public} of them public.</p>\n\
         <p id=\"search\" hidden><label>Search <input type=\"search\" id=\"words\" autocomplete=\"off\"></label> \
         <output id=\"found\"></output></p>\n\
         <table>\n<caption>What each route demands</caption>\n<thead>\n<tr>",
        rows.len()
    );
    for heading in ["Method", "Path", "Access", "Schemes", "Limits", "Handler"] {
        let _ = write!(page, "<th scope=\"col\">{heading}</th>");
    }
    page.push_str("</tr>\n</thead>\n<tbody>\n");
    rows.iter().for_each(|row| write_row(&mut page, row));
    let _ = write!(page, "</tbody>\n</table>\n</main>\n<script>{SCRIPT}</script>\n</body>\n</html>\n");
    page
}

fn write_row(page: &mut String, row: &Printed) {
    let class = if row.public { " class=\"public\"" } else { "" };
    let access = match row.reason() {
        Some(reason) => format!("<strong>public</strong>: {}", escaped(reason)),
        None => format!("<code>{}</code>", escaped(&row.access)),
    };
    let method = escaped(&row.method);
    let _ = writeln!(
        page,
        "<tr{class}><td><span class=\"method {}\">{method}</span></td>\
         <th scope=\"row\"><code>{}</code></th><td>{access}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
        color(&row.method),
        escaped(&row.path),
        escaped(&row.schemes),
        escaped(&row.limits),
        escaped(&row.handler),
    );
}

/// The class that colours a method; a method that is not listed has no colour of its own.
fn color(method: &str) -> &'static str {
    match method {
        "GET" | "HEAD" | "OPTIONS" => "safe",
        "POST" => "creates",
        "PUT" | "PATCH" => "changes",
        "DELETE" => "deletes",
        _ => "other",
    }
}

/// Text in which no character means anything to HTML, in an element and in a quoted attribute.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            c => safe.push(c),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use portcullis_authz::{claim, scope};
    use sha2::{Digest as _, Sha256};

    use super::*;
    use crate::RoutePolicy;

    fn table() -> RouteTable {
        let mut table = RouteTable::new();
        let get = || Some(http::Method::GET);
        table.add(get(), "/a/{b}", RoutePolicy::requires(scope("a:read")), "show");
        table.add(None, "/\"><img src=x>", RoutePolicy::requires(claim("<i>", "</td>")), "<h>");
        table.add(get(), "/health", RoutePolicy::public("<script>alert('1')</script>"), "health");
        table
    }

    /// CSP Level 3 §2.3.1: the hashes are those of what stands between the tags.
    #[test]
    fn the_policy_names_the_style_and_the_script_of_the_page() {
        let page = table().to_html();
        for (tag, directive) in [("style", "style-src"), ("script", "script-src")] {
            let (_, rest) = page.split_once(&format!("<{tag}>")).unwrap();
            let (content, _) = rest.split_once(&format!("</{tag}>")).unwrap();
            let source = format!("{directive} 'sha256-{}'", STANDARD.encode(Sha256::digest(content)));
            assert!(RouteTable::HTML_CONTENT_SECURITY_POLICY.contains(&source), "{source}");
            assert!(page.contains(&format!("; {source}; ")), "{source}");
        }
    }

    #[test]
    fn text_of_the_application_is_text_on_the_page() {
        let page = table().to_html();
        assert!(!page.contains("<img") && !page.contains("<i>") && !page.contains("<script>alert"), "{page}");
        assert!(page.contains("&quot;&gt;&lt;img src=x&gt;"), "{page}");
        assert!(
            page.contains("<strong>public</strong>: &lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;"),
            "{page}"
        );
        assert_eq!(page.matches("</tr>").count(), 4, "{page}");
    }

    #[test]
    fn the_page_asks_for_nothing_and_handles_no_event_in_a_tag() {
        let page = table().to_html();
        for forbidden in [
            "http://",
            "https://",
            "src=\"",
            "href=",
            "url(",
            "@import",
            " onclick=",
            " onload=",
            " style=\"",
        ] {
            assert!(!page.contains(forbidden), "{forbidden}");
        }
        assert_eq!((page.matches("<script").count(), page.matches("<style").count()), (1, 1));
    }

    #[test]
    fn rows_are_sorted_and_public_ones_are_marked_in_words() {
        let page = table().to_html();
        let at = |text: &str| page.find(text).unwrap();
        assert!(at("/a/{b}") < at("<code>/health"));
        assert_eq!(page.matches("<tr class=\"public\">").count(), 1);
        assert!(page.contains("<p>3 routes, 1 of them public.</p>"));
        assert!(page.contains("<span class=\"method safe\">GET</span>"));
        assert!(
            page.contains("<th scope=\"row\"><code>/a/{b}</code></th><td><code>scope(a:read)</code></td>")
        );
    }
}
