//! A look at the octets of a plain request as they come, whatever they are: did somebody try to prove who sends it?

/// The longest of the names that are looked for.
const LONGEST: usize = "authorization".len();

/// What ends a head (RFC 9112 §2.1).
const END: &[u8] = b"\r\n\r\n";

/// Each octet is looked at once. A field counts from its colon on: no head has to be whole, short or UTF-8 for it.
#[derive(Debug, Default)]
pub(super) struct Search {
    /// The beginning of the line, in lower case and without spaces; `None` where it is no name that is looked for.
    name: Option<Name>,
    /// How much of [`END`] the last octets are.
    matched: usize,
    credentials: bool,
}

#[derive(Debug, Default)]
struct Name {
    octets: [u8; LONGEST],
    length: usize,
}

impl Search {
    /// Goes on with these octets; what follows the head is left alone.
    pub(super) fn feed(&mut self, octets: &[u8]) {
        for octet in octets {
            if self.is_at_end() {
                return;
            }
            self.step(*octet);
        }
    }

    /// Whether the whole head was there.
    pub(super) fn is_at_end(&self) -> bool {
        self.matched == END.len()
    }

    /// Whether there was `Authorization` or `Cookie`.
    pub(super) fn found_credentials(&self) -> bool {
        self.credentials
    }

    fn step(&mut self, octet: u8) {
        let continues = END.get(self.matched) == Some(&octet);
        self.matched = if continues { self.matched + 1 } else { usize::from(octet == b'\r') };
        match octet {
            b'\r' | b'\n' => self.name = Some(Name::default()),
            b':' => self.credentials |= self.name.take().is_some_and(|name| name.is_of_credentials()),
            // Not allowed before the colon (RFC 9112 §5.1), but what was sent was sent.
            b' ' | b'\t' => {}
            other => self.name = self.name.take().and_then(|name| name.with(other)),
        }
    }
}

impl Name {
    fn with(mut self, octet: u8) -> Option<Self> {
        *self.octets.get_mut(self.length)? = octet.to_ascii_lowercase();
        self.length += 1;
        Some(self)
    }

    fn is_of_credentials(&self) -> bool {
        let name = self.octets.get(..self.length);
        name == Some(b"authorization") || name == Some(b"cookie")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn search(octets: &[u8]) -> Search {
        let mut search = Search::default();
        search.feed(octets);
        search
    }

    #[track_caller]
    fn check(octets: impl AsRef<[u8]>, credentials: bool) {
        let octets = octets.as_ref();
        assert_eq!(search(octets).found_credentials(), credentials, "{}", octets.escape_ascii());
    }

    #[test]
    fn finds_credentials_in_whatever_was_sent() {
        check("GET / HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer x\r\n\r\n", true);
        check("GET / HTTP/1.1\r\ncOOKIE:a=b\r\n\r\n", true);
        check("GET / HTTP/1.1\r\nAuthorization:", true);
        check("GET / HTTP/1.1\nCookie: a=b\n", true);
        check("GET / HTTP/1.1\r\nCookie \t: a=b\r\n", true);
        check(b"GET /\xff HTTP/1.1\r\nX: \xc3\r\nCookie: a=\xfe\r\n\r\n", true);
        check(format!("GET / HTTP/1.1\r\nX: {}\r\nCookie: a", "x".repeat(100_000)), true);
    }

    #[test]
    fn finds_none_where_none_were_sent() {
        for head in [
            "",
            "GET /cookie: HTTP/1.1\r\n",
            "GET / HTTP/1.1\r\nAuthorization",
            "GET / HTTP/1.1\r\nX: Authorization: Bearer x, cookie: a\r\n",
            "GET / HTTP/1.1\r\nX-Cookie: a\r\nCookie2: a\r\nProxy-Authorization: a\r\n: a\r\n",
            "GET / HTTP/1.1\r\n\r\nCookie: a=b\r\n",
            "GET / HTTP/1.1\r\nX: y\r\r\n\r\r\n\r\nCookie: a=b\r\n",
        ] {
            check(head, false);
        }
    }

    proptest! {
        #[test]
        fn the_pieces_in_which_octets_come_change_nothing(
            octets in "(GET|cookie|Authorization|:|\r|\n|\r\n| |x|\u{e9}){0,40}",
            at in any::<prop::sample::Index>(),
        ) {
            let whole = search(octets.as_bytes());
            let (first, second) = octets.as_bytes().split_at(at.index(octets.len() + 1));
            let mut pieces = search(first);
            pieces.feed(second);
            prop_assert_eq!(pieces.found_credentials(), whole.found_credentials());
            prop_assert_eq!(whole.is_at_end(), octets.contains("\r\n\r\n"));
        }
    }
}
