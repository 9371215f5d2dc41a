/// What a caller wants to do with a resource: a type, so that a [`Permit`](crate::Permit) for one action is none
/// for another.
///
/// ```
/// use portcullis_authz::Action;
///
/// struct Publish;
///
/// impl Action for Publish {
///     const NAME: &'static str = "Publish";
/// }
/// # assert_eq!(Publish::NAME, "Publish");
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an action",
    note = "use `Read`, `Write`, `Create` or `Delete`, or write `impl Action for {Self} {{ const NAME: &'static str = \"..\"; }}`"
)]
pub trait Action: Send + Sync + 'static {
    /// What audit events call it.
    const NAME: &'static str;
}

macro_rules! actions {
    ($( $(#[doc = $doc:literal])+ $action:ident ),+ $(,)?) => { $(
        $(#[doc = $doc])+
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub struct $action;

        impl Action for $action {
            const NAME: &'static str = stringify!($action);
        }
    )+ };
}

actions! {
    /// To bring a resource into being.
    Create,
    /// To do away with it.
    Delete,
    /// To see it.
    Read,
    /// To change it.
    Write,
}
