//! A token taken apart and decoded, without an allocation where it is of the usual size.

use portcullis_core::Denial;

use super::compact::Compact;
use super::header::Header;
use super::known_headers::KnownHeader;
use crate::base64url;
use crate::json::{Members, Object};
use crate::token::refusal::malformed;

/// Headers up to this size need no allocation.
const HEADER_ON_STACK: usize = 512;

/// Claims up to this size need no allocation.
const PAYLOAD_ON_STACK: usize = 2048;

/// Most claims are no larger: a smaller buffer is sooner filled with zeros.
const USUAL_PAYLOAD: usize = 768;

/// A token whose header was read, and nothing more yet.
pub(super) struct Headed<'p> {
    pub(super) compact: Compact<'p>,
    pub(super) header: Header<'p>,
    /// Whether the header was read before.
    known: bool,
}

/// A token that is well-formed, and nothing more yet.
pub(super) struct Parts<'p> {
    pub(super) compact: Compact<'p>,
    pub(super) header: &'p Header<'p>,
    /// Whether the header was read before.
    pub(super) header_known: bool,
    pub(super) claims: Members<'p, 'p>,
    /// The text of the claims.
    pub(super) payload: &'p str,
}

impl Headed<'_> {
    /// Reads the header, unless it is known, and goes on with it while it is in memory.
    pub(super) fn read<T>(
        compact: Compact<'_>,
        known: Option<&KnownHeader>,
        go_on: impl FnOnce(&Headed<'_>) -> Result<T, Denial>,
    ) -> Result<T, Denial> {
        if let Some(known) = known {
            return go_on(&Headed { compact, header: known.header(), known: true });
        }
        let mut buffer = [0; HEADER_ON_STACK];
        let (mut spill, mut header) = (Vec::new(), Object::empty());
        part(compact.header, &mut buffer, &mut spill, &mut header)?;
        go_on(&Headed { compact, header: Header::read(header.members())?, known: false })
    }

    /// Decodes and reads the claims too, and goes on with everything while it is in memory.
    pub(super) fn with_claims<T>(
        &self,
        go_on: impl FnOnce(&Parts<'_>) -> Result<T, Denial>,
    ) -> Result<T, Denial> {
        let Self { compact, header, known } = self;
        // Each by itself: put together first, they would be moved.
        let (mut usual, mut large);
        let buffer: &mut [u8] = if room_for(compact.payload) <= USUAL_PAYLOAD {
            usual = [0; USUAL_PAYLOAD];
            &mut usual
        } else {
            large = [0; PAYLOAD_ON_STACK];
            &mut large
        };
        let mut spill = Vec::new();
        let mut claims = Object::empty();
        let payload = part(compact.payload, buffer, &mut spill, &mut claims)?;
        let (compact, claims) = (*compact, claims.members());
        go_on(&Parts { compact, header, header_known: *known, claims, payload })
    }
}

/// Reads a part into the object, and returns its text.
fn part<'b>(
    text: &str,
    buffer: &'b mut [u8],
    spill: &'b mut Vec<u8>,
    object: &mut Object<'b>,
) -> Result<&'b str, Denial> {
    let octets = decoded(text, buffer, spill)?;
    let text = std::str::from_utf8(octets).map_err(|_| malformed("a part is not utf-8"))?;
    let read = object.read(text);
    read.ok_or_else(|| malformed("a part is not one JSON object without duplicate members"))?;
    Ok(text)
}

/// Decodes into the buffer, or, if it is too small, into memory that is allocated.
fn decoded<'b>(text: &str, buffer: &'b mut [u8], spill: &'b mut Vec<u8>) -> Result<&'b [u8], Denial> {
    let not_base64url = || malformed("a part is not base64url");
    if room_for(text) <= buffer.len() {
        return base64url::decode_into(text.as_bytes(), buffer).ok_or_else(not_base64url);
    }
    *spill = base64url::decode(text.as_bytes()).ok_or_else(not_base64url)?;
    Ok(spill)
}

/// How many octets the text stands for at most: four characters hold three.
fn room_for(text: &str) -> usize {
    text.len() / 4 * 3 + 3
}
