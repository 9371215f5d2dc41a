use std::future::pending;
use std::time::Duration;

use portcullis_core::Readiness;

use super::*;

#[tokio::test(start_paused = true)]
async fn upkeep_reads_the_model_again_and_outlives_failures() {
    let table = Table::default();
    let model = RoleModel::load(table.clone()).await.unwrap().with_reload_interval(Duration::ZERO);
    assert!(model.is_ready() && model.is_reloadable() && model.name() == "role model");
    let upkeep = tokio::spawn(model.upkeep().unwrap());
    let admin = caller(&["admin"]);
    while !model.permits(&admin, "delete") {
        tokio::time::advance(Duration::from_millis(500)).await;
        tokio::task::yield_now().await;
    }
    assert_eq!(table.0.load(Ordering::Relaxed), 4);
    upkeep.abort();
    assert!(super::model().build().unwrap().upkeep().is_none(), "a model in the program needs none");
}

/// Answers at first, then hangs or panics, then answers with more.
#[derive(Clone)]
struct Unwell(Arc<AtomicU32>, fn() -> bool);

impl LoadRoles for Unwell {
    async fn load_roles(&self) -> Result<RoleModelBuilder, StoreError> {
        match self.0.fetch_add(1, Ordering::Relaxed) {
            0 => Ok(model()),
            1 | 2 if (self.1)() => pending().await,
            1 | 2 => panic!("the loader is broken"),
            _ => Ok(model().role("admin").permits("delete")),
        }
    }
}

#[track_caller]
fn is_about(passed: Duration, seconds: u64) {
    let seconds = Duration::from_secs(seconds);
    assert!(passed >= seconds && passed < seconds + Duration::from_secs(1), "{passed:?} {seconds:?}");
}

/// After how long the upkeep has brought the permission.
async fn upkeep_brings(model: &RoleModel, permission: &str) -> Duration {
    let since = tokio::time::Instant::now();
    let upkeep = tokio::spawn(model.upkeep().unwrap());
    while !model.permits(&caller(&["admin"]), permission) {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    upkeep.abort();
    since.elapsed()
}

#[tokio::test(start_paused = true)]
async fn a_loader_that_hangs_is_asked_again_after_the_deadline() {
    let unwell = Unwell(Arc::default(), || true);
    let model = RoleModel::load(unwell.clone()).await.unwrap();
    let waited = upkeep_brings(&model, "delete").await;
    is_about(waited, 2 * (DEFAULT_RELOAD_INTERVAL + DEFAULT_RELOAD_DEADLINE).as_secs() + 10);
    assert_eq!((unwell.0.load(Ordering::Relaxed), model.failed_reloads()), (4, 0));

    let unwell = Unwell(Arc::default(), || true);
    let model = RoleModel::load(unwell).await.unwrap();
    let model = model.with_reload_interval(Duration::from_secs(3)).with_reload_deadline(Duration::ZERO);
    let upkeep = tokio::spawn(model.upkeep().unwrap());
    tokio::time::sleep(Duration::from_millis(8500)).await;
    assert_eq!(model.failed_reloads(), 2, "less than a second is one");
    assert!(model.is_ready() && model.permits(&caller(&["editor"]), "write"), "the old one stays in use");
    upkeep.abort();
}

#[tokio::test(start_paused = true)]
async fn a_loader_that_panics_is_asked_again() {
    let model = RoleModel::load(Unwell(Arc::default(), || false)).await.unwrap();
    is_about(upkeep_brings(&model, "delete").await, 3 * DEFAULT_RELOAD_INTERVAL.as_secs());
    assert_eq!(model.failed_reloads(), 0);
}

#[cfg(feature = "toml")]
mod files {
    use super::super::super::look::Looks;
    use super::super::toml::file;
    use super::*;

    const WHOLE: &[u8] = b"[roles.a]\npermits = ['frozen']\n[roles.b]\npermits = ['frozen']\n";

    /// Cut at the end of a line it is a model, by which role `b` is not forbidden anything.
    #[test]
    fn a_file_that_is_half_written_is_not_taken() {
        let path = file("half");
        std::fs::write(&path, WHOLE).unwrap();
        let model = RoleModel::from_toml_file(&path).unwrap();
        let looks = Looks::default();
        let held = || model.permits(&caller(&["b"]), "frozen");
        for cut in (0..WHOLE.len()).chain([WHOLE.len()]) {
            std::fs::write(&path, &WHOLE[..cut]).unwrap();
            assert!(!matches!(looks.look(&path, &model), Ok(Some(_))) && held(), "{cut}");
        }
        assert_eq!(
            (looks.look(&path, &model).unwrap(), held()),
            (Some(false), true),
            "whole again, and the same"
        );
        // What stays so is meant so, if it is one.
        std::fs::write(&path, &WHOLE[..31]).unwrap();
        assert_eq!((looks.look(&path, &model).unwrap(), held()), (None, true));
        assert_eq!((looks.look(&path, &model).unwrap(), held()), (Some(true), false));
        std::fs::write(&path, "").unwrap();
        assert_eq!(looks.look(&path, &model).unwrap(), None);
        let errors = looks.look(&path, &model).unwrap_err().to_string();
        assert!(errors.contains("P227") && model.permits(&caller(&["a"]), "frozen"), "{errors}");
        std::fs::remove_file(&path).unwrap();
        assert!(looks.look(&path, &model).unwrap_err().to_string().contains("P227"));
    }

    #[tokio::test]
    async fn upkeep_takes_a_file_at_the_second_look() {
        let path = file("second-look");
        std::fs::write(&path, WHOLE).unwrap();
        let model = RoleModel::from_toml_file(&path).unwrap();
        std::fs::write(&path, "[roles.admin]\npermits = ['delete']").unwrap();
        tokio::time::pause();
        is_about(upkeep_brings(&model, "delete").await, 2 * DEFAULT_RELOAD_INTERVAL.as_secs());
        std::fs::remove_file(&path).unwrap();
    }

    /// What a program renders anew all the time is the same model, whatever it says beside it; another one each time is told of.
    #[test]
    fn models_are_compared_and_not_octets() {
        let path = file("rendered");
        std::fs::write(&path, WHOLE).unwrap();
        let model = RoleModel::from_toml_file(&path).unwrap();
        let looks = Looks::default();
        let look = |text: String| {
            std::fs::write(&path, text).unwrap();
            looks.look(&path, &model).map_err(|error| error.to_string())
        };
        let rendered = |at: u32| look(format!("# rendered at {at}\n[roles.a]\npermits = ['frozen']\n"));
        assert_eq!((rendered(1), rendered(2), rendered(3)), (Ok(None), Ok(Some(true)), Ok(Some(false))));
        let other = |name: &str| look(format!("[roles.{name}]\npermits = ['frozen']\n"));
        assert_eq!((other("b"), other("c").is_err(), other("c")), (Ok(None), true, Ok(Some(true))));
        std::fs::remove_file(&path).unwrap();
    }

    /// A file that is wrong, and wrong in another way at each look, is not taken for one that was read.
    #[tokio::test]
    async fn a_first_look_forgets_no_failure() {
        let path = file("first-look");
        std::fs::write(&path, WHOLE).unwrap();
        let model = RoleModel::from_toml_file(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        tokio::time::pause();
        let upkeep = tokio::spawn(model.upkeep().unwrap());
        let failures = async |expected: u32| {
            while model.failed_reloads() < expected {
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        };
        failures(2).await;
        std::fs::write(&path, "no model").unwrap();
        failures(3).await;
        assert_eq!(model.failed_reloads(), 3, "counted on");
        upkeep.abort();
        std::fs::remove_file(&path).unwrap();
    }
}
