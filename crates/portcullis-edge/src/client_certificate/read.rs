//! The three ways to write a certificate into a field, each read strictly. The client need not have written it, but
//! its certificate is text of the client.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderMap, HeaderName};
use portcullis_core::{CertificateSource, ClientCertificate};

use super::{
    CLIENT_CERT, CLIENT_CERT_CHAIN, Form, MAX_CERTIFICATE_OCTETS, MAX_CHAIN, X_FORWARDED_CLIENT_CERT,
};

/// The certificate, or that there is none; an error says what is wrong, and shows nothing of the field.
type Read<T> = Result<T, &'static str>;

const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
const END: &str = "-----END CERTIFICATE-----";

pub(super) fn read(form: &Form, headers: &HeaderMap) -> Read<Option<ClientCertificate>> {
    match form {
        Form::Envoy => single(headers, &X_FORWARDED_CLIENT_CERT)?.map_or(Ok(None), envoy),
        Form::EscapedPem(name) => match single(headers, name)? {
            None | Some("") => Ok(None),
            Some(text) => certificate(pem(&decode_percent(text)?)?).map(Some),
        },
        Form::Rfc9440 => rfc9440(headers),
    }
}

/// RFC 9440 §2.2, §2.3.
fn rfc9440(headers: &HeaderMap) -> Read<Option<ClientCertificate>> {
    let leaf = single(headers, &CLIENT_CERT)?.map(byte_sequence).transpose()?;
    let mut chain = Vec::new();
    for line in headers.get_all(CLIENT_CERT_CHAIN) {
        let line = line.to_str().map_err(|_| "it is not ASCII")?;
        for member in line.split(',') {
            chain.push(byte_sequence(member.trim_matches([' ', '\t']))?);
        }
    }
    match leaf {
        // RFC 9440 §2.3: never without the certificate of the client itself.
        None if !chain.is_empty() => Err("there is a chain without a certificate"),
        None => Ok(None),
        Some(leaf) => {
            let mut certificates = vec![leaf];
            certificates.append(&mut chain);
            certificate(certificates).map(Some)
        }
    }
}

/// RFC 9651 §4.2.7, without parameters.
fn byte_sequence(text: &str) -> Read<Bytes> {
    let encoded = text.strip_prefix(':').and_then(|text| text.strip_suffix(':'));
    der(encoded.ok_or("it is no byte sequence")?)
}

/// `Key=value;Key="value"`, in one element. `Cert` and `Chain` are PEM, percent-encoded; the chain begins with the
/// certificate itself.
fn envoy(text: &str) -> Read<Option<ClientCertificate>> {
    let (mut leaf, mut chain) = (None, None);
    let mut rest = text;
    loop {
        let (key, after) = rest.split_once('=').ok_or("it has no key")?;
        let (value, after) = match after.strip_prefix('"') {
            Some(quoted) => quoted_string(quoted)?,
            None => after
                .split_at_checked(after.find([';', ',']).unwrap_or(after.len()))
                .ok_or("it ends early")?,
        };
        let slot = match key {
            "Cert" => Some(&mut leaf),
            "Chain" => Some(&mut chain),
            _ => None,
        };
        if let Some(slot) = slot
            && slot.replace(value).is_some()
        {
            return Err("it names a certificate twice");
        }
        match after.strip_prefix(';') {
            Some(next) => rest = next,
            None if after.is_empty() => break,
            None => return Err("it has several elements, or something behind a value"),
        }
    }
    // Without `Cert` there may be a hash, which is no certificate.
    let leaf = pem(&decode_percent(leaf.ok_or("it has no `Cert`")?)?)?;
    let mut certificates = leaf.clone();
    if let Some(chain) = chain {
        let chain = pem(&decode_percent(chain)?)?;
        if chain.first() != leaf.first() {
            return Err("its chain begins with another certificate");
        }
        certificates = chain;
    }
    certificate(certificates).map(Some)
}

/// The text up to the closing quote, and what follows. PEM that is percent-encoded needs no escapes; a subject that has
/// them is passed over.
fn quoted_string(text: &str) -> Read<(&str, &str)> {
    let mut escaped = false;
    for (index, octet) in text.bytes().enumerate() {
        match octet {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => {
                let (value, rest) = text.split_at_checked(index).ok_or("it is not ASCII")?;
                return Ok((value, rest.strip_prefix('"').unwrap_or_default()));
            }
            _ => {}
        }
    }
    Err("a quoted value does not end")
}

/// One certificate or several, as RFC 7468 §5 has them, with nothing between them but white space.
fn pem(text: &str) -> Read<Vec<Bytes>> {
    let mut certificates = Vec::new();
    let mut rest = text.trim_ascii();
    while !rest.is_empty() {
        let (encoded, after) = rest
            .strip_prefix(BEGIN)
            .and_then(|rest| rest.split_once(END))
            .ok_or("it is no certificate as PEM")?;
        let encoded: String = encoded.split_ascii_whitespace().collect();
        certificates.push(der(&encoded)?);
        if certificates.len() > MAX_CHAIN + 1 {
            return Err("it has too many certificates");
        }
        rest = after.trim_ascii_start();
    }
    if certificates.is_empty() { Err("it is no certificate as PEM") } else { Ok(certificates) }
}

/// A certificate is a SEQUENCE, whatever is in it.
fn der(encoded: &str) -> Read<Bytes> {
    if encoded.len() > MAX_CERTIFICATE_OCTETS / 3 * 4 + 4 {
        return Err("a certificate is longer than the limit");
    }
    let octets = STANDARD.decode(encoded).map_err(|_| "it is not base64")?;
    if octets.len() > MAX_CERTIFICATE_OCTETS {
        return Err("a certificate is longer than the limit");
    }
    if octets.first() == Some(&0x30) { Ok(octets.into()) } else { Err("it is no certificate as DER") }
}

/// The first is the client's own.
fn certificate(certificates: Vec<Bytes>) -> Read<ClientCertificate> {
    if certificates.len() > MAX_CHAIN + 1 {
        return Err("it has too many certificates");
    }
    let mut certificates = certificates.into_iter();
    let leaf = certificates.next().ok_or("it has no certificate")?;
    Ok(ClientCertificate::new(leaf, CertificateSource::Proxy).with_chain(certificates))
}

fn decode_percent(text: &str) -> Read<String> {
    let mut decoded = String::with_capacity(text.len());
    let mut octets = text.bytes();
    while let Some(octet) = octets.next() {
        let octet = if octet == b'%' {
            let mut digit = || octets.next().and_then(|digit| char::from(digit).to_digit(16));
            let (high, low) = (digit(), digit());
            high.zip(low)
                .and_then(|(high, low)| u8::try_from(high << 4 | low).ok())
                .ok_or("it is not encoded")?
        } else {
            octet
        };
        if !octet.is_ascii() {
            return Err("it is not ASCII");
        }
        decoded.push(char::from(octet));
    }
    Ok(decoded)
}

/// The value of a field that may stand once.
fn single<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Read<Option<&'h str>> {
    let mut lines = headers.get_all(name).iter();
    let Some(line) = lines.next() else { return Ok(None) };
    if lines.next().is_some() {
        return Err("it stands twice");
    }
    line.to_str().map(|text| Some(text.trim_matches([' ', '\t']))).map_err(|_| "it is not ASCII")
}
