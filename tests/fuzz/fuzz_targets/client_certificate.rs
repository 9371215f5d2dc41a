#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| portcullis_fuzz::client_certificate::run(octets));
