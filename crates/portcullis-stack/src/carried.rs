//! Policies that a handler carries in its type.

use portcullis_authn::Requirement;
use portcullis_authz::Rule;
use portcullis_core::{ConfigCode, ConfigError, ConfigErrors, Decision, Denial, Reason, RequestView, Room};

use crate::policy::{Access, Carried, RoutePolicy};

impl RoutePolicy {
    /// The policy of a route that says nothing of who may call, and leaves that to the policy that its handler
    /// carries. It wants [`with_carried`](Self::with_carried).
    pub fn left_to(carried: &Self) -> Self {
        Self { carried: Carried::Awaited, ..Self::new(carried.access.clone()) }
    }

    /// This policy of a route, together with the one that its handler carries: both rules must be satisfied, the
    /// limits of both count, and whichever names schemes decides which ones are taken.
    ///
    /// # Errors
    /// - `P240`: one is public, and the other has a rule,
    /// - `P241`: this one adds nothing: every caller whom the handler's rule lets in satisfies it, or both are public,
    /// - `P242`: both name schemes.
    ///
    /// ```
    /// use portcullis_authz::{role, scope};
    /// use portcullis_stack::RoutePolicy;
    ///
    /// let carried = RoutePolicy::requires(scope("documents:write"));
    /// let both = RoutePolicy::requires(role("editor")).with_carried(&carried)?;
    /// assert_eq!(both.to_string(), "scope(documents:write) and role(editor)");
    ///
    /// let errors = RoutePolicy::public("for all").with_carried(&carried).unwrap_err();
    /// assert_eq!(errors.codes().collect::<Vec<_>>(), ["P240"]);
    /// # Ok::<(), portcullis_core::ConfigErrors>(())
    /// ```
    pub fn with_carried(self, carried: &Self) -> Result<Self, ConfigErrors> {
        // Taken apart whole, so that nothing that policies learn to say is forgotten here.
        let Self { access, schemes, requirement, limits, asks, demands, problems, carried: _ } =
            carried.clone();
        let mut errors = ConfigErrors::new();
        let joined = match self.carried {
            Carried::Awaited => Some((access, Carried::Contained)),
            _ => errors.take(joined(access, self.access)),
        };
        if schemes.is_some() && self.schemes.is_some() {
            let message = "the handler names schemes, and so does its route: one of them is enough";
            errors.push(ConfigError::new(ConfigCode::SchemesNamedTwice, message));
        }
        let Some((access, carried)) = joined else { return Err(errors) };
        errors.into_result(Self {
            access,
            schemes: self.schemes.or(schemes),
            requirement: if self.requirement == Requirement::Optional {
                self.requirement
            } else {
                requirement
            },
            limits: limits.into_iter().chain(self.limits).collect(),
            asks: asks.into_iter().chain(self.asks).collect(),
            demands: demands.into_iter().chain(self.demands).collect(),
            problems: problems.into_iter().chain(self.problems).collect(),
            carried,
        })
    }

    /// Whether a gate that enforces this policy has asked the carried rule too, so that the handler need not. It has not
    /// where the route's own rule is so strict that the carried one was left out, nor where the route says
    /// [`anonymous`](portcullis_authz::anonymous) and the handler's rule needs a caller: there, both ask.
    #[must_use]
    pub fn contains_carried(&self) -> bool {
        self.carried == Carried::Contained
    }

    /// Decides where no gate does: in front of a handler that carries the policy, on a router that knows nothing of
    /// it. The layers around that router have authenticated the caller.
    ///
    /// # Errors
    /// - as [`Rule::decide`],
    /// - 401 `scheme_not_accepted`, if the caller came by a scheme that the policy does not name,
    /// - 500 `misconfigured`, if the policy has limits or asks a decision point: only a gate does that.
    pub fn decide(&self, request: &RequestView<'_>) -> Result<(), Denial> {
        if !self.limits.is_empty() || !self.asks.is_empty() {
            return Err(Denial::misconfigured(
                "the handler carries limits or questions, but no gate stands before it",
            ));
        }
        match &self.access {
            Access::Public(_) => {
                request.trail().decided(Room::Rule, &Decision::allow(Reason::PublicRoute));
                Ok(())
            }
            Access::Rule(rule) => {
                self.came_by_a_scheme_of_ours(request)?;
                rule.decide(request)
            }
        }
    }

    fn came_by_a_scheme_of_ours(&self, request: &RequestView<'_>) -> Result<(), Denial> {
        let (Some(names), Some(_)) = (&self.schemes, request.principal()) else { return Ok(()) };
        let came = request.trail().read(|trail| {
            trail.scheme.as_ref().is_some_and(|scheme| names.iter().any(|name| **name == **scheme))
        });
        if came {
            return Ok(());
        }
        let denial = Denial::new(Reason::SchemeNotAccepted)
            .explained(format!("the handler takes callers by {} alone", names.join(", ")));
        request.trail().denied(Room::Rule, &denial);
        Err(match request.trail().challenges() {
            Some(challenges) => challenges.unanswered(denial),
            None => denial,
        })
    }
}

/// What is enforced, and whether the carried rule is part of it.
fn joined(carried: Access, own: Access) -> Result<(Access, Carried), ConfigError> {
    match (carried, own) {
        (Access::Rule(carried), Access::Rule(own)) if implies(&carried, &own) => {
            let message = format!(
                "`.requires({own})` adds nothing: the handler itself carries `{carried}`, and nobody else gets in"
            );
            Err(ConfigError::new(ConfigCode::RequirementAddsNothing, message))
        }
        // Both together would be a rule of which a part has no effect.
        (Access::Rule(carried), Access::Rule(own)) if implies(&own, &carried) => {
            Ok((Access::Rule(own), Carried::Implied))
        }
        (Access::Rule(carried), Access::Rule(own)) => {
            let needs_caller = carried.needs_principal();
            let both = carried.and(own);
            // Beside a rule that says `anonymous`, the carried one no longer needs a caller; by itself it does.
            let weaker = needs_caller && !both.needs_principal();
            Ok((Access::Rule(both), if weaker { Carried::Implied } else { Carried::Contained }))
        }
        (Access::Public(carried), Access::Public(_)) => {
            let message =
                format!("`.public(..)` adds nothing: the handler itself says that it is public: {carried}");
            Err(ConfigError::new(ConfigCode::RequirementAddsNothing, message))
        }
        (Access::Rule(carried), Access::Public(_)) => {
            let message = format!("the route is public, but its handler carries the rule `{carried}`");
            Err(ConfigError::new(ConfigCode::PublicAgainstRule, message))
        }
        (Access::Public(_), Access::Rule(own)) => {
            let message = format!("the route requires `{own}`, but its handler says that it is public");
            Err(ConfigError::new(ConfigCode::PublicAgainstRule, message))
        }
    }
}

/// Whether everybody whom the first rule lets in satisfies the second. A rule that is wrong by itself is not judged
/// here: the gate says what is wrong with it.
pub(crate) fn implies(rule: &Rule, other: &Rule) -> bool {
    let never = |rule: &Rule| rule.lint().iter().any(|error| error.code() == ConfigCode::RuleNeverSatisfied);
    !never(rule) && !never(other) && rule.implies(other)
}

#[cfg(test)]
mod tests {
    use portcullis_authz::{anonymous, any_scope, authenticated, network, role, scope};
    use portcullis_ratelimit::{MINUTE, client_ip, per};

    use super::*;

    #[track_caller]
    #[expect(clippy::needless_pass_by_value, reason = "a table of cases reads better")]
    fn check(carried: RoutePolicy, own: RoutePolicy, expected: Result<&str, &[&str]>) {
        let joined = own.with_carried(&carried);
        let joined = joined.as_ref().map(ToString::to_string).map_err(|e| e.codes().collect::<Vec<_>>());
        let joined = joined.as_ref().map(String::as_str).map_err(Vec::as_slice);
        assert_eq!(joined, expected);
    }

    fn requires(rule: Rule) -> RoutePolicy {
        RoutePolicy::requires(rule)
    }

    #[test]
    fn both_rules_must_be_satisfied() {
        check(requires(scope("a")), requires(role("r")), Ok("scope(a) and role(r)"));
        check(
            requires(scope("a")),
            requires(scope("b").or(role("r"))),
            Ok("scope(a) and (scope(b) or role(r))"),
        );
        let both = requires(role("r")).with_carried(&requires(scope("a"))).unwrap();
        assert!(both.contains_carried());
    }

    #[test]
    fn a_stricter_rule_of_the_route_stands_alone_and_the_handler_asks_for_itself() {
        for (carried, own, expected) in [
            (authenticated(), role("r"), "role(r)"),
            (any_scope(["a", "b"]), scope("a"), "scope(a)"),
            (scope("a").or(role("r")), scope("a").and(scope("b")), "scope(a) and scope(b)"),
        ] {
            let both = requires(own).with_carried(&requires(carried)).unwrap();
            assert_eq!((both.to_string().as_str(), both.contains_carried()), (expected, false));
        }
    }

    /// What is only watched refuses nobody: it stands in for no rule.
    #[test]
    fn a_rule_in_shadow_is_no_stricter_one() {
        check(requires(scope("a")), requires(scope("a").shadowed()), Err(&["P241"]));
        let watched = requires(scope("a").and(role("r")).shadowed());
        let both = watched.with_carried(&requires(scope("a"))).unwrap();
        assert!(both.contains_carried(), "{both}");
    }

    #[test]
    fn a_rule_that_adds_nothing_is_an_error() {
        for own in [scope("a"), authenticated(), scope("a").or(role("r")), any_scope(["a", "b"])] {
            check(requires(scope("a")), requires(own), Err(&["P241"]));
        }
        check(RoutePolicy::public("x"), RoutePolicy::public("y"), Err(&["P241"]));
    }

    #[test]
    fn a_rule_that_lets_in_who_does_not_log_in_does_not_stand_for_one_that_does_not() {
        check(
            requires(authenticated()),
            requires(scope("a").or(anonymous())),
            Ok("authenticated and (scope(a) or anonymous)"),
        );
    }

    #[test]
    fn a_rule_that_is_wrong_by_itself_is_left_to_the_gate() {
        let never = scope("a").and(!scope("a"));
        check(requires(never), requires(role("r")), Ok("scope(a) and not scope(a) and role(r)"));
    }

    /// A predicate needs a caller unless its rule says otherwise, and the handler's does not.
    #[test]
    fn a_route_for_those_who_do_not_log_in_takes_no_caller_from_the_rule_of_its_handler() {
        for carried in [network("10.0.0.0/8"), !network("10.0.0.0/8")] {
            let own = requires(anonymous().or(scope("a"))).optional();
            let both = own.with_carried(&requires(carried)).unwrap();
            assert!(!both.contains_carried(), "{both}");
        }
        let open = network("10.0.0.0/8").and(anonymous().or(role("r")));
        let both = requires(anonymous().or(scope("a"))).with_carried(&requires(open)).unwrap();
        assert!(both.contains_carried(), "{both}");
    }

    #[test]
    fn a_public_route_and_a_rule_contradict_each_other() {
        check(requires(scope("a")), RoutePolicy::public("x"), Err(&["P240"]));
        check(RoutePolicy::public("x"), requires(scope("a")), Err(&["P240"]));
    }

    #[test]
    fn schemes_are_named_in_one_place() {
        let carried = || requires(scope("a")).via(["x"]);
        check(carried(), requires(role("r")), Ok("scope(a) and role(r) via x"));
        check(requires(scope("a")), requires(role("r")).via(["y"]), Ok("scope(a) and role(r) via y"));
        check(carried(), requires(role("r")).via(["y"]), Err(&["P242"]));
        check(carried(), RoutePolicy::public("x").via(["y"]), Err(&["P240", "P242"]));
    }

    #[test]
    fn a_route_that_leaves_the_rule_to_its_handler_may_say_the_rest() {
        let carried = || requires(scope("a")).via(["x"]);
        check(carried(), RoutePolicy::left_to(&carried()), Ok("scope(a) via x"));
        check(carried(), RoutePolicy::left_to(&carried()).via(["y"]), Err(&["P242"]));
        let public = || RoutePolicy::public("x");
        check(public(), RoutePolicy::left_to(&public()), Ok("public: x"));
        let own = RoutePolicy::left_to(&requires(scope("a"))).via(["y"]).optional();
        check(requires(scope("a")), own, Ok("scope(a) via y, credentials optional"));
    }

    #[test]
    fn limits_demands_and_optional_credentials_of_both_count() {
        let limit = || per(client_ip()).requests(1).every(MINUTE);
        let carried = requires(scope("a")).limit(limit()).demand("one").optional();
        let both = requires(role("r")).limit(limit()).demand("two").with_carried(&carried).unwrap();
        let demands: Vec<_> = both.demands().iter().map(ToString::to_string).collect();
        assert_eq!((both.limits.len(), demands), (2, vec!["one".to_owned(), "two".to_owned()]));
        assert_eq!(both.to_string(), "scope(a) and role(r), credentials optional");
    }
}
