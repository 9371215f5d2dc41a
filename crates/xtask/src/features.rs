//! Each room alone: what compiles only because another room turned a feature on does not compile for our users.

use crate::metadata::Package;

/// One way to build one package alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FeatureSet {
    pub(crate) package: String,
    /// The only feature that is on, if any.
    pub(crate) feature: Option<String>,
}

impl FeatureSet {
    /// The arguments of cargo that select it.
    pub(crate) fn arguments(&self) -> Vec<String> {
        let mut arguments = vec!["-p".to_owned(), self.package.clone(), "--no-default-features".to_owned()];
        if let Some(feature) = &self.feature {
            arguments.extend(["--features".to_owned(), feature.clone()]);
        }
        arguments
    }
}

/// Each room without features, then with each one of them.
pub(crate) fn sets(packages: &[Package]) -> Vec<FeatureSet> {
    let rooms = packages.iter().filter(|package| is_checked(&package.name));
    rooms
        .flat_map(|room| {
            let alone = FeatureSet { package: room.name.clone(), feature: None };
            let each = room
                .features
                .iter()
                .map(|feature| FeatureSet { package: room.name.clone(), feature: Some(feature.clone()) });
            std::iter::once(alone).chain(each)
        })
        .collect()
}

/// The rooms that are a library to others, without those that nobody builds alone by accident.
fn is_checked(name: &str) -> bool {
    name.starts_with("portcullis") && !NOT_CHECKED.contains(&name)
}

/// Packages that are tests themselves.
const NOT_CHECKED: &[&str] = &["portcullis-bench", "portcullis-tests"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checks_each_room_alone_and_with_each_feature() {
        let package = |name: &str, features: &[&str]| Package {
            name: name.to_owned(),
            features: features.iter().map(|&feature| feature.to_owned()).collect(),
        };
        let packages = [
            package("portcullis-oauth", &["pem"]),
            package("xtask", &["x"]),
            package("portcullis-tests", &[]),
        ];
        let lines: Vec<String> = sets(&packages).iter().map(|set| set.arguments().join(" ")).collect();
        assert_eq!(
            lines,
            [
                "-p portcullis-oauth --no-default-features",
                "-p portcullis-oauth --no-default-features --features pem",
            ]
        );
    }
}
