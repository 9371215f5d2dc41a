//! What the compiler shows to whoever puts the attribute where it does not belong.

#[test]
fn misuse_is_shown_where_it_is_written() {
    trybuild::TestCases::new().compile_fail("tests/misuse/*.rs");
}
