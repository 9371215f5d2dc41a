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
