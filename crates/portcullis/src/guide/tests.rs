use portcullis_core::{ConfigCode, ProblemType, Reason};

/// The pages are read by people who have a code in hand: each one must be there, and none that is not.
#[track_caller]
fn check(page: &str, heading: impl Fn(&str) -> Option<String>, codes: impl Iterator<Item = &'static str>) {
    let on_page: Vec<String> = page.lines().filter_map(heading).collect();
    let in_registry: Vec<String> = codes.map(str::to_owned).collect();
    assert_eq!(on_page, in_registry);
}

#[test]
fn every_configuration_code_has_its_section_in_order() {
    let heading =
        |line: &str| line.strip_prefix("## ").map(|rest| rest.split(' ').next().unwrap().to_owned());
    check(include_str!("configuration_codes.md"), heading, ConfigCode::ALL.iter().map(|code| code.code()));
}

#[test]
fn every_reason_and_its_status_stand_on_the_page_in_order() {
    let row = |line: &str| line.strip_prefix("| `").map(|rest| rest.split('`').next().unwrap().to_owned());
    let page = include_str!("reasons.md");
    check(page, row, Reason::ALL.iter().map(|reason| reason.code()));
    for reason in Reason::ALL {
        let status = reason.problem().map_or("-".to_owned(), |problem| problem.status().as_u16().to_string());
        let row = page.lines().find(|line| line.starts_with(&format!("| `{}` |", reason.code()))).unwrap();
        assert!(row.contains(&format!("| {status} |")), "{row}");
    }
}

#[test]
fn every_problem_type_stands_on_the_page_of_reasons() {
    for problem in ProblemType::ALL {
        assert!(include_str!("reasons.md").contains(problem.uri()), "{}", problem.uri());
    }
}
