//! Tasks of projects: `/projects/{project}/tasks/{task}`.

use super::*;

#[derive(Debug)]
struct Project(u32);

#[derive(Debug)]
struct Task {
    project: u32,
    number: u32,
}

struct Projects;

impl Resource for Project {
    type Id = u32;
    type Store = Projects;
    type Rules = Rules;
    const PARAM: &'static str = "project";
}

impl Resource for Task {
    type Id = u32;
    type Store = Projects;
    type Rules = Rules;
    const PARAM: &'static str = "task";
}

impl ChildOf<Project> for Task {
    type Through = Read;
    const ABSENT_WITHIN: Option<fn(&Project, &u32) -> Self> =
        Some(|project, number| Self { project: project.0, number: *number });
}

impl Load<Project> for Projects {
    async fn load(&self, id: &u32) -> Result<Option<Project>, StoreError> {
        Ok((*id < 3).then_some(Project(*id)))
    }
}

/// Tasks 10 to 19 are those of project 1, and so on.
impl LoadWithin<Project, Task> for Projects {
    async fn load_within(&self, parent: &Project, id: &u32) -> Result<Option<Task>, StoreError> {
        Ok((id / 10 == parent.0).then_some(Task { project: parent.0, number: *id }))
    }
}

/// Everybody reads project 1 and what is in it; task 13 is written by nobody.
impl Policy<Read, Project> for Rules {
    fn decide(&self, _: &Principal, project: &Project) -> Decision {
        Decision::allow_if(project.0 == 1, Reason::PolicyDenied)
    }
}

impl Policy<Write, Task> for Rules {
    fn decide(&self, _: &Principal, task: &Task) -> Decision {
        Decision::allow_if(task.number != 13, Reason::PolicyDenied)
    }
}

async fn asked(project: &str, task: &str) -> Result<PermitWithin<Write, Task, Project>, (u16, Reason)> {
    let mut request = request(&known("", &[]));
    request.extensions_mut().insert(PathParameters::new([("project", project), ("task", task)]));
    let view = RequestView::of(&request).unwrap();
    let guard = Guard::new(&Rules);
    let denied = |denial: Denial| (denial.status().as_u16(), denial.reason());
    let parent = guard.from_request::<Read, Project>(&view, &Projects).await.map_err(denied)?;
    guard.within(&view, parent, &Projects).await.map_err(denied)
}

#[tokio::test]
async fn a_child_is_loaded_within_its_parent() {
    let permit = asked("1", "12").await.unwrap();
    assert_eq!((permit.number, permit.project, permit.parent().0), (12, 1, 1));
    assert_eq!(permit.principal().subject(), "alice");
    assert!(format!("{permit:?}").contains(r#"action: "Write""#));
    let (parent, child) = permit.into_parts();
    assert_eq!((parent.into_inner().0, child.into_inner().number), (1, 12));
}

/// A21.1: the child of another parent, a parent that hides, and what does not exist are alike.
#[tokio::test]
async fn a_child_of_another_parent_is_absent() {
    for (project, task, reason) in [
        ("1", "21", Reason::ResourceNotFound),
        ("1", "x", Reason::ResourceNotFound),
        ("9", "12", Reason::ResourceNotFound),
        ("2", "21", Reason::ResourceHidden),
        ("1", "13", Reason::ResourceHidden),
    ] {
        let refused = asked(project, task).await.map(drop).unwrap_err();
        assert_eq!(refused, (404, reason), "{project}/{task}");
    }
}

/// A note on a task: `/projects/{project}/tasks/{task}/notes/{note}`.
#[derive(Debug)]
struct Remark(u32);

impl Resource for Remark {
    type Id = u32;
    type Store = Projects;
    type Rules = Rules;
    const PARAM: &'static str = "note";
}

impl ChildOf<Task> for Remark {
    type Through = Write;
}

/// Notes 120 to 129 are those of task 12, and so on.
impl LoadWithin<Task, Remark> for Projects {
    async fn load_within(&self, task: &Task, id: &u32) -> Result<Option<Remark>, StoreError> {
        Ok((id / 10 == task.number).then_some(Remark(*id)))
    }
}

impl Policy<Read, Remark> for Rules {
    fn decide(&self, _: &Principal, remark: &Remark) -> Decision {
        Decision::allow_if(remark.0 != 129, Reason::PolicyDenied)
    }
}

/// A21.1, two levels deep: each is asked within the one before.
#[tokio::test]
async fn what_lies_deeper_is_asked_from_the_outside_in() {
    let find = async |project: &str, task: &str, note: &str| {
        let mut request = request(&known("", &[]));
        let parameters = [("project", project), ("task", task), ("note", note)];
        request.extensions_mut().insert(PathParameters::new(parameters));
        let (view, guard) = (RequestView::of(&request).unwrap(), Guard::new(&Rules));
        let found = async {
            let project = guard.from_request::<Read, Project>(&view, &Projects).await?;
            let (_, task) = guard.within::<Write, Task, _>(&view, project, &Projects).await?.into_parts();
            guard.within::<Read, Remark, _>(&view, task, &Projects).await
        };
        found.await.map(|permit| permit.0).map_err(|denial| denial.status().as_u16())
    };
    assert_eq!(find("1", "12", "121").await, Ok(121));
    for (project, task, note) in
        [("1", "12", "131"), ("1", "12", "129"), ("1", "13", "131"), ("1", "21", "211"), ("2", "21", "211")]
    {
        assert_eq!(find(project, task, note).await, Err(404), "{project}/{task}/{note}");
    }
}

/// Its stand-in lies within the same parent.
#[tokio::test]
async fn a_policy_that_waits_is_asked_about_a_child_that_does_not_exist() {
    struct Slow(std::sync::Mutex<Vec<(u32, u32)>>);
    impl AsyncPolicy<Write, Task> for Slow {
        async fn decide(&self, _: &Principal, task: &Task) -> Decision {
            self.0.lock().unwrap().push((task.project, task.number));
            tokio::task::yield_now().await;
            Decision::deny(Reason::PolicyDenied)
        }
    }
    let mut request = request(&known("", &[]));
    let policy = Awaited(Slow(std::sync::Mutex::default()));
    for (task, reason) in [("12", Reason::ResourceHidden), ("22", Reason::ResourceNotFound)] {
        request.extensions_mut().insert(PathParameters::new([("project", "1"), ("task", task)]));
        let view = RequestView::of(&request).unwrap();
        let parent = Guard::new(&Rules).from_request::<Read, Project>(&view, &Projects).await.unwrap();
        let child = Guard::new(&policy).within::<Write, Task, Project>(&view, parent, &Projects).await;
        assert_eq!(child.map(drop).unwrap_err().reason(), reason);
    }
    assert_eq!(*policy.0.0.lock().unwrap(), [(1, 12), (1, 22)]);
}
