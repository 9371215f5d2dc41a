//! The list of demands, each with the test that shows it is met, so that none is lost when tests move.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::support::vectors::beside_the_checkout;

/// The sections that are covered, with the standard of each: A1 RFC 6750; A2 RFC 7515 to 7519 and 8725; A3 RFC 9068;
/// A9 RFC 9457; A11 the RateLimit draft, RFC 6585, RFC 9110 §10.2.3 (the fields); A13 RFC 8414 and OpenID Connect
/// Discovery; A15 RFC 7617 and API keys; A19 RFC 7239.
const SECTIONS: [&str; 8] = ["A1", "A2", "A3", "A9", "A11", "A13", "A15", "A19"];

/// What is demanded, the file, the test. A folder stands for the crate of that name. With `-` instead of a file, the
/// demand does not apply, for the reason that follows.
const DEMANDS: &str = "
A1.1   authn/src/tests/picking.rs           the_scheme_is_read_without_case
A1.2   authn/src/tests/picking.rs           the_scheme_is_read_without_case
A1.2   tests/standards/challenges.rs        the_scheme_is_read_in_every_spelling
A1.3   core/src/credentials.rs              anything_but_one_token68_is_malformed
A1.3   core/src/credentials.rs              no_octets_make_the_reader_panic
A1.3   tests/standards/challenges.rs        what_is_no_token68_is_400_invalid_request
A1.4   authn/src/tests/picking.rs           refuses_a_second_credential
A1.4   tests/wire/server.rs                 two_authorization_fields_on_the_wire_are_400
A1.5   tests/attacks/headers.rs             ignores_tokens_outside_of_the_authorization_field
A1.6   authn/src/tests/picking.rs           ignores_credentials_in_the_query
A1.6   tests/attacks/headers.rs             ignores_tokens_outside_of_the_authorization_field
A1.7   authn/src/tests/challenges.rs        every_challenge_has_parameters_and_each_once
A1.7   authz/src/rule/tests/decide.rs       answers_a_request_without_credentials_with_401_and_the_challenges_of_the_route
A1.8   authn/src/tests/challenges.rs        without_a_credential_every_scheme_challenges_and_none_names_an_error
A1.8   oauth/src/bearer/tests/layer.rs      a_request_without_a_token_is_challenged_without_an_error
A1.9   oauth/src/bearer/tests/layer.rs      every_token_that_is_refused_is_invalid_token
A1.9   authn/src/tests/challenges.rs        the_error_stands_on_the_challenge_of_the_tried_scheme_alone
A1.10  authz/src/rule/tests/decide.rs       answers_a_missing_scope_with_403_and_the_scopes_that_would_do
A1.11  core/src/challenge.rs                each_parameter_stands_at_most_once
A1.11  tests/standards/challenges.rs        what_a_stack_sends_parses_into_the_same_structure
A1.12  core/src/challenge.rs                hostile_text_cannot_end_the_value_or_add_a_field
A1.12  core/src/challenge.rs                scopes_are_separated_by_single_spaces_and_left_out_when_there_are_none
A1.12  core/src/scope.rs                    refuses_quotes_backslashes_controls_and_non_ascii
A1.13  edge/src/plain_http.rs               refuses_tokens_over_plain_http
A1.13  edge/src/plain_http.rs               goes_by_what_trusted_proxies_say
A1.14  oauth/src/bearer/tests/layer.rs      a_refusal_repeats_nothing_of_the_token
A1.14  tests/attacks/tokens.rs              every_attack_on_an_issuer_with_a_key_set_file_is_refused
A1.15  authn/src/tests/challenges.rs        without_a_credential_every_scheme_challenges_and_none_names_an_error
A2.1   oauth/src/jwt/compact.rs             a_token_has_three_parts_of_base64url_characters
A2.2   oauth/src/base64url.rs               only_the_canonical_form_is_decoded
A2.2   oauth/src/jwt/tests/attacks.rs       refuses_every_other_way_to_write_the_same_octets
A2.3   oauth/src/json/tests.rs              refuses_a_name_that_stands_twice_at_any_depth_however_it_is_written
A2.4   oauth/src/jwt/header.rs              the_algorithm_is_there_and_known_by_exactly_its_name
A2.4   oauth/src/jwt/tests/keys.rs          an_algorithm_off_the_list_is_refused_although_a_key_serves_it
A2.5   oauth/src/jwt/tests/attacks.rs       refuses_an_hmac_made_with_a_public_key_in_any_form
A2.5   oauth/src/jwt/tests/keys.rs          a_key_that_names_its_algorithm_serves_no_other
A2.5   oauth/src/keys/tests/reading.rs      a_key_serves_the_algorithm_it_names_or_those_of_its_type
A2.6   oauth/src/jwt/tests/attacks.rs       refuses_none_in_any_spelling_with_and_without_a_signature
A2.7   oauth/src/jwt/header.rs              refuses_every_critical_header
A2.7   oauth/src/jwt/tests/attacks.rs       refuses_critical_headers_that_are_signed
A2.8   oauth/src/jwt/tests/attacks.rs       refuses_claims_and_headers_edited_after_signing
A2.8   oauth/src/jwt/tests/attacks.rs       refuses_every_mutation_of_a_valid_token
A2.9   oauth/src/jwt/tests/attacks.rs       refuses_ecdsa_signatures_that_are_zero_out_of_range_or_der
A2.10  oauth/src/keys/tests/statics.rs      a_secret_is_as_long_as_the_hash
A2.10  oauth/src/keys/tests/statics.rs      a_secret_of_few_different_octets_is_no_secret
A2.10  oauth/src/keys/tests/reading.rs      rsa_keys_below_2048_bits_or_with_a_bad_exponent_are_skipped
A2.11  oauth/src/keys/tests/reading.rs      points_off_the_curve_are_skipped
A2.12  oauth/src/jwt/tests/attacks.rs       refuses_tokens_of_one_issuer_under_the_name_of_another
A2.12  tests/attacks/forgery.rs             refuses_tokens_of_one_issuer_under_the_name_of_another
A2.13  oauth/src/jwt/tests/attacks.rs       a_key_in_the_header_is_never_used
A2.13  tests/attacks/tokens.rs              every_attack_on_an_issuer_found_by_discovery_is_refused
A2.14  oauth/src/jwt/tests/attacks.rs       a_kid_is_only_looked_up
A2.14  oauth/src/jwt/tests/keys.rs          a_token_without_a_kid_is_tried_with_the_keys_of_its_algorithm
A2.15  oauth/src/remote/tests/missed.rs     a_storm_of_unknown_names_makes_a_burst_and_then_one_fetch_per_cooldown
A2.15  oauth/src/remote/tests/missed.rs     a_new_key_is_accepted_within_60_s_under_a_storm_of_junk
A2.15  oauth/src/remote/tests/outages.rs    an_outage_keeps_the_good_keys_until_they_are_too_old
A2.15  tests/attacks/kids.rs                a_thousand_invented_names_make_a_handful_of_fetches
A2.16  oauth/src/keys/tests/reading.rs      a_key_that_is_not_for_verifying_is_skipped
A2.17  oauth/src/keys/tests/reading.rs      bad_keys_do_not_spoil_the_set
A2.18  oauth/src/jwt/tests/claims.rs        a_token_lives_until_exp_and_not_a_moment_longer
A2.18  oauth/src/jwt/tests/claims.rs        a_token_counts_from_nbf_on
A2.18  oauth/src/jwt/tests/claims.rs        leeway_bridges_clocks_that_differ_a_little
A2.18  oauth/src/bearer/tests/config.rs     leeway_may_be_as_large_as_the_limit_and_no_larger
A2.19  oauth/src/jwt/numeric_date.rs        dates_are_whole_or_fractional_seconds_up_to_two_to_the_53rd
A2.19  oauth/src/jwt/tests/claims.rs        dates_may_be_fractional_and_are_refused_when_they_are_impossible
A2.20  oauth/src/jwt/tests/claims.rs        the_audience_is_one_of_ours_as_text_or_in_a_list
A2.21  oauth/src/jwt/kind.rs                typ_compares_as_a_media_type
A2.22  oauth/src/jwt/kind.rs                other_kinds_are_refused_in_either_profile
A2.22  oauth/src/jwt/kind.rs                claims_of_other_kinds_are_refused_even_where_typ_says_nothing
A2.23  oauth/src/jwt/tests/attacks.rs       refuses_encrypted_and_nested_tokens
A2.24  oauth/src/json/tests.rs              refuses_what_is_not_one_json_object_in_utf_8
A2.24  oauth/src/json/tests.rs              reads_as_deep_as_the_limit_and_not_one_deeper
A2.24  oauth/src/jwt/compact.rs             a_token_may_be_as_long_as_the_limit_and_not_one_octet_longer
A2.24  tests/attacks/headers.rs             refuses_oversized_authorization_fields
A2.25  tests/attacks/tokens.rs              every_attack_on_an_issuer_with_a_key_set_file_is_refused
A2.25  tests/attacks/tokens.rs              every_attack_on_an_issuer_found_by_discovery_is_refused
A2.25  tests/attacks/forgery.rs             refuses_an_hmac_made_with_the_service_s_own_public_key
A3.1   oauth/src/jwt/tests/claims.rs        only_access_tokens_are_taken
A3.2   -                                    encryption cannot be agreed on: there is no key to decrypt with, and five parts are refused (A2.23)
A3.3   oauth/src/jwt/tests/attacks.rs       refuses_tokens_of_one_issuer_under_the_name_of_another
A3.4   oauth/src/jwt/tests/claims.rs        the_audience_is_one_of_ours_as_text_or_in_a_list
A3.5   oauth/src/jwt/tests/keys.rs          tokens_of_every_asymmetric_algorithm_verify
A3.6   oauth/src/jwt/tests/claims.rs        a_token_lives_until_exp_and_not_a_moment_longer
A3.6   oauth/src/jwt/tests/claims.rs        leeway_bridges_clocks_that_differ_a_little
A3.6   oauth/src/bearer/tests/config.rs     leeway_may_be_as_large_as_the_limit_and_no_larger
A3.7   oauth/src/jwt/tests/claims.rs        refuses_tokens_without_a_claim_that_rfc_9068_requires
A3.8   oauth/src/bearer/tests/layer.rs      every_token_that_is_refused_is_invalid_token
A3.9   oauth/src/jwt/tests/mapping.rs       nothing_but_scope_counts_without_being_named
A3.9   oauth/src/jwt/tests/mapping.rs       scopes_are_read_from_where_they_are_said_to_be
A3.10  oauth/src/jwt/tests/mapping.rs       roles_and_groups_have_the_shapes_of_scim
A3.11  oauth/src/jwt/tests/mapping.rs       the_principal_has_what_the_claims_say
A3.11  documents-api/src/tests/outside.rs   a_client_that_speaks_for_itself_is_no_user
A3.12  oauth/src/jwt/tests/mapping.rs       the_principal_has_what_the_claims_say
A3.13  oauth/src/jwt/tests/keys.rs          tokens_of_every_asymmetric_algorithm_verify
A3.14  oauth/src/jwt/tests/waiting.rs       a_revoked_token_is_refused_whether_the_list_answers_now_or_later
A9.1   core/src/render.rs                   the_status_member_equals_the_status
A9.1   tests/standards/problems.rs          the_problem_of_every_reason_fits_the_schema
A9.2   tests/standards/problems.rs          the_problem_of_every_reason_fits_the_schema
A9.3   core/src/render.rs                   the_explanation_never_reaches_the_caller
A9.3   tests/standards/problems.rs          the_problem_of_every_reason_fits_the_schema
A9.4   -                                    nothing here reads problem details: what an issuer answers with an error is not looked at
A9.5   core/src/render.rs                   a_renderer_shapes_the_body_but_neither_status_nor_challenge
A9.5   edge/src/cors/tests/layer.rs         refusals_carry_the_fields_too
A9.5   tests/standards/problems.rs          the_problems_of_every_layer_fit_the_schema_and_are_kept_by_no_cache
A11.1  ratelimit/src/tests/fields.rs        the_fields_have_the_draft_s_form
A11.2  ratelimit/src/tests/fields.rs        the_fields_have_the_draft_s_form
A11.3  ratelimit/src/tests/fields.rs        the_fields_have_the_draft_s_form
A11.4  ratelimit/src/tests/fields.rs        who_waits_as_long_as_told_is_served
A11.5  ratelimit/src/tests/fields.rs        the_fields_have_the_draft_s_form
A11.6  ratelimit/src/tests/exactness.rs     a_refusal_says_when_to_come_back_rounded_up
A11.6  ratelimit/src/tests/several.rs       a_refusal_names_every_quota_that_is_used_up_and_the_longest_wait
A11.7  ratelimit/src/tests/exactness.rs     no_window_sees_more_than_burst_and_requests
A11.7  ratelimit/src/tests/several.rs       a_refusal_names_every_quota_that_is_used_up_and_the_longest_wait
A11.8  -                                    for clients that read the fields: there is none here but the judge of our own tests
A11.9  ratelimit/src/tests/fields.rs        fields_can_be_left_out_and_never_name_who_is_counted
A11.11 ratelimit/src/tests/layer.rs         serves_within_the_quota_and_answers_429_beyond_it
A11.12 core/src/denial.rs                   retry_after_is_rounded_up_and_never_zero
A11.13 ratelimit/src/tests/layer.rs         two_layers_append_to_the_fields
A13.1  oauth/src/remote/metadata.rs         uses_nothing_of_a_document_of_another_issuer
A13.1  oauth/src/remote/tests/discovery.rs  uses_nothing_of_a_document_of_another_issuer
A13.2  oauth/src/remote/metadata.rs         appends_first_and_inserts_second
A13.2  oauth/src/remote/tests/discovery.rs  asks_for_the_inserted_form_if_there_is_no_appended_one
A13.3  oauth/src/remote/tests.rs            urls_that_may_not_be_asked_are_refused_at_build_time
A13.3  oauth/src/remote/tests/discovery.rs  never_follows_a_document_to_where_it_may_not_go
A13.3  oauth/src/remote/tests/discovery.rs  answers_of_another_status_or_media_type_are_not_read
A13.3  client/src/client/tests.rs           never_follows_a_redirect
A13.3  client/src/client/tests.rs           takes_a_body_as_large_as_the_cap_and_not_one_octet_more
A13.3  client/src/client/tests.rs           gives_up_at_the_deadline
A13.4  oauth/src/remote/tests/discovery.rs  lists_of_algorithms_change_nothing
A13.5  oauth/src/remote/tests/refresh.rs    new_keys_are_found_by_their_unknown_name
A13.5  oauth/src/remote/tests/refresh.rs    keys_that_are_gone_are_dropped_with_the_next_fetch
A13.5  oauth/src/remote/tests/refresh.rs    max_age_of_the_answer_shortens_the_ttl_within_bounds
A15.1  authn/src/basic/tests/mod.rs         the_password_may_hold_colons_and_the_user_may_not
A15.1  tests/standards/basic.rs             the_users_of_the_examples_log_in_and_nobody_else
A15.2  authn/src/basic/tests/mod.rs         the_challenge_has_a_realm_and_asks_for_utf_8
A15.2  authn/src/basic/tests/mod.rs         accents_may_be_typed_either_way
A15.3  authn/src/basic/tests/mod.rs         refuses_malformed_logins
A15.3  tests/standards/basic.rs             what_is_no_user_and_password_is_refused
A15.4  authn/src/basic/tests/mod.rs         unknown_users_wrong_passwords_and_disabled_users_get_one_answer
A15.4  authn/src/password/tests.rs          hashes_and_verifies_off_the_async_thread
A15.5  authn/src/api_key/tests.rs           weak_keys_are_refused
A19.1  edge/src/forwarded/tests.rs          refuses_what_the_grammar_does_not_have
A19.1  edge/src/forwarded/tests.rs          reads_the_examples_of_the_rfc_and_refuses_the_invalid_ones
A19.2  edge/src/edge/tests.rs               unknown_and_obfuscated_nodes_are_an_unknown_client
A19.2  ratelimit/src/tests/keys.rs          clients_without_an_address_share_a_quota_apart_from_all_others
A19.3  edge/src/edge/tests.rs               believes_nobody_by_default
A19.3  edge/src/edge/tests.rs               takes_the_rightmost_address_that_is_no_proxy
A19.4  edge/src/edge/tests.rs               joins_the_lines_of_a_field_in_order
A19.4  edge/src/edge/tests.rs               reads_the_configured_field_alone
A19.5  edge/src/edge/tests.rs               reads_mapped_addresses_ports_brackets_zones_spaces_and_empty_items
A19.5  edge/src/edge/tests.rs               garbage_before_the_trusted_part_is_harmless
A19.6  ratelimit/src/tests/keys.rs          addresses_are_counted_by_network_and_family
A19.6  -                                    /64 is not the default but /56, which one customer commonly holds and could walk through
A19.7  edge/src/edge/tests/origin.rs        scheme_and_host_are_those_that_the_outermost_proxy_saw
";

/// The vectors, the file that reads them, the test.
const VECTORS: &str = "
argon2/argon2id.json                   authn/src/password/tests.rs          verifies_the_argon2_vectors
idp-metadata                           oauth/src/keys/tests/vectors.rs      key_sets_of_real_providers_are_read
idp-metadata                           tests/standards/providers.rs         the_documents_of_real_providers_make_a_scheme
naughty-strings/blns.json              audit/src/tests/lines.rs             naughty_strings_stay_on_one_line
naughty-strings/blns.json              authn/src/api_key/tests.rs           naughty_strings_are_not_keys
naughty-strings/blns.json              authn/src/basic/tests/mod.rs         naughty_strings_log_in_or_are_refused
naughty-strings/blns.json              ratelimit/src/tests/attempts.rs      naughty_names_are_counted_like_any_other
oauth-challenges/www-authenticate.json authn/src/tests/picking.rs           reads_the_credentials_of_the_vectors
oauth-challenges/www-authenticate.json tests/standards/challenges.rs        what_is_no_token68_is_400_invalid_request
ratelimit-draft/fields.json            ratelimit/src/tests/fields.rs        the_draft_s_own_examples_parse_as_it_says
rfc7239/forwarded.json                 edge/src/forwarded/tests.rs          reads_the_examples_of_the_rfc_and_refuses_the_invalid_ones
rfc7515/eddsa.json                     oauth/src/keys/tests/vectors.rs      signatures_of_rfc_7515_and_rfc_8037_verify
rfc7515/jws.json                       oauth/src/keys/tests/vectors.rs      signatures_of_rfc_7515_and_rfc_8037_verify
rfc7515/thumbprints.json               oauth/src/keys/tests/vectors.rs      thumbprints_are_those_of_rfc_7638
rfc7520-cookbook                       oauth/src/keys/tests/vectors.rs      signatures_of_the_cookbook_verify
rfc7617/basic.json                     authn/src/basic/tests/mod.rs         logs_in_the_users_of_the_vectors
rfc7617/basic.json                     tests/standards/basic.rs             the_users_of_the_examples_log_in_and_nobody_else
rfc9457/problem.schema.json            tests/standards/problems.rs          the_problem_of_every_reason_fits_the_schema
";

/// A row of a table: what it is about, a file, and the name of a test or a reason.
fn rows(table: &'static str) -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    table.trim().lines().map(|row| {
        let (subject, rest) = row.split_once(' ').expect("a row has three columns");
        let (file, last) = rest.trim().split_once(' ').expect("a row has three columns");
        (subject, file, last.trim())
    })
}

/// The text of a file whose first folder may be the name of a crate.
fn source(file: &str) -> String {
    let path = path_of(file);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn path_of(file: &str) -> PathBuf {
    let folder = match file.split_once('/') {
        Some(("tests", _)) => String::new(),
        Some(("documents-api", _)) => "examples/".to_owned(),
        _ => "crates/portcullis-".to_owned(),
    };
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(folder + file)
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let below = |path: PathBuf| if path.is_dir() { rust_files(&path) } else { vec![path] };
    entries.flat_map(below).filter(|path| path.extension().is_some_and(|suffix| suffix == "rs")).collect()
}

/// Whether the text has a function of that name with `#[test]` or `#[tokio::test]` above it.
fn has_test(source: &str, name: &str) -> bool {
    let head = format!("fn {name}(");
    let lines: Vec<&str> = source.lines().map(str::trim_start).collect();
    let is_above = |line: &&&str| line.starts_with("#[") || line.starts_with("//");
    lines.iter().enumerate().any(|(index, line)| {
        line.trim_start_matches("async ").starts_with(&head)
            && lines[..index]
                .iter()
                .rev()
                .take_while(is_above)
                .any(|line| line.starts_with("#[test]") || line.starts_with("#[tokio::test"))
    })
}

/// The numbers of the lines that begin with the mark of a demand (M) or of a recommendation (S).
fn demands(standards: &str, section: &str) -> BTreeSet<String> {
    let heading = format!("### {section} ");
    let lines = standards.lines().skip_while(|line| !line.starts_with(&heading)).skip(1);
    let lines = lines.take_while(|line| !line.starts_with("### "));
    let numbered = lines.filter_map(|line| line.split_once(". "));
    let binding = numbered.filter(|(_, text)| text.starts_with("M ") || text.starts_with("S "));
    binding.map(|(number, _)| format!("{section}.{number}")).collect()
}

#[test]
fn every_test_that_the_tables_name_exists() {
    for (subject, file, test) in rows(DEMANDS).chain(rows(VECTORS)).filter(|(_, file, _)| *file != "-") {
        assert!(has_test(&source(file), test), "{subject}: no test `{test}` in {file}");
    }
}

#[test]
fn the_tests_of_vectors_read_them() {
    for (vectors, file, _) in rows(VECTORS) {
        assert!(source(file).contains(vectors), "{file} does not name {vectors}");
    }
}

/// The table of known attacks in the docs of the room of tokens names tests as `file::test` or `folder::tests`.
#[test]
fn every_test_that_the_docs_of_tokens_name_exists() {
    let readme = source("oauth/README.md");
    let table = readme.split("# Known attacks").nth(1).and_then(|rest| rest.split("\n# ").next()).unwrap();
    let last_cells = table.lines().filter_map(|row| row.strip_suffix(" |")?.rsplit(" | ").next());
    let names: Vec<_> =
        last_cells.flat_map(|cell| cell.split('`')).filter(|word| word.contains("::")).collect();
    assert!(names.len() > 20, "{names:?}");
    let sources = rust_files(&path_of("oauth/src"));
    for name in names {
        let (module, test) = name.rsplit_once("::").unwrap();
        let found = sources.iter().any(|file| {
            let path = file.to_string_lossy();
            let is_there = || has_test(&std::fs::read_to_string(file).unwrap(), test);
            path.contains(&module.replace("::", "/"))
                && (path.ends_with(&format!("/{test}.rs")) || is_there())
        });
        assert!(found, "the docs name `{name}`");
    }
}

#[test]
fn a_demand_that_does_not_apply_says_why() {
    for (demand, _, reason) in rows(DEMANDS).filter(|(_, file, _)| *file == "-") {
        assert!(reason.split(' ').count() > 5, "{demand}: {reason}");
    }
}

#[test]
fn every_demand_of_the_standards_is_in_the_table_and_the_table_invents_none() {
    let Some(standards) = beside_the_checkout("standards.md") else { return };
    let listed: BTreeSet<String> = rows(DEMANDS).map(|(demand, ..)| demand.to_owned()).collect();
    for section in SECTIONS {
        let demands = demands(&standards, section);
        assert!(!demands.is_empty(), "section {section} is not found");
        let missing: Vec<_> = demands.difference(&listed).collect();
        assert!(missing.is_empty(), "not in the table: {missing:?}");
    }
    for demand in &listed {
        let (section, number) = demand.split_once('.').unwrap();
        let heading = format!("### {section} ");
        let lines = standards.lines().skip_while(|line| !line.starts_with(&heading)).skip(1);
        let mut lines = lines.take_while(|line| !line.starts_with("### "));
        assert!(lines.any(|line| line.starts_with(&format!("{number}. "))), "{demand} is no line");
    }
}

#[test]
fn the_reader_of_sources_finds_tests_and_nothing_else() {
    let source =
        "#[test]\n/// Says why.\nfn one() {}\n\n    #[tokio::test]\n    async fn two() {}\nfn three() {}\n";
    assert!(has_test(source, "one") && has_test(source, "two"));
    assert!(!has_test(source, "three") && !has_test(source, "on") && !has_test("// fn one()", "one"));
}
