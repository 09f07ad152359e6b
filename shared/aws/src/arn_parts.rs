//! The parts of an ARN, as far as adapters look at them.

/// `arn:<partition>:<service>:<region>:<account>:<resource>`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ArnParts<'a> {
    pub(crate) region: &'a str,
    pub(crate) account: &'a str,
    /// All that follows; it may have colons of its own.
    pub(crate) resource: &'a str,
}

impl<'a> ArnParts<'a> {
    /// The parts of an ARN of a service, if it is one.
    pub(crate) fn of(service: &str, arn: &'a str) -> Option<Self> {
        let mut parts = arn.splitn(6, ':');
        let (scheme, _partition, found) = (parts.next()?, parts.next()?, parts.next()?);
        let (region, account, resource) = (parts.next()?, parts.next()?, parts.next()?);
        (scheme == "arn" && found == service && !resource.is_empty()).then_some(Self {
            region,
            account,
            resource,
        })
    }

    /// An alarm's name. It may have colons and slashes.
    pub(crate) fn alarm(self) -> Option<&'a str> {
        let name = self.resource.strip_prefix("alarm:")?;
        (!name.is_empty()).then_some(name)
    }

    /// What the dimension `LoadBalancer` calls the load balancer of a rule or a listener: `app/<name>/<id>`.
    pub(crate) fn balancer(self) -> Option<String> {
        let mut parts = self.resource.split('/');
        let kind = parts.next()?;
        let (family, name, id) = (parts.next()?, parts.next()?, parts.next()?);
        matches!(kind, "listener-rule" | "listener").then(|| format!("{family}/{name}/{id}"))
    }

    /// What the dimension `TargetGroup` calls a target group: `targetgroup/<name>/<id>`.
    pub(crate) fn target_group(self) -> Option<&'a str> {
        let rest = self.resource.strip_prefix("targetgroup/")?;
        rest.contains('/').then_some(self.resource)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ELB: &str = "elasticloadbalancing";

    #[test]
    fn an_alarms_name_may_have_colons() {
        let name = |arn| ArnParts::of("cloudwatch", arn).and_then(ArnParts::alarm);
        assert_eq!(
            name("arn:aws:cloudwatch:eu-west-1:111122223333:alarm:a:b/c d"),
            Some("a:b/c d")
        );
        assert_eq!(
            name("arn:aws:cloudwatch:eu-west-1:111122223333:alarm:"),
            None
        );
        assert_eq!(name("arn:aws:sns:eu-west-1:111122223333:alarm:a"), None);
        assert_eq!(name("arn:aws:cloudwatch"), None);
    }

    #[test]
    fn dimensions_are_the_ends_of_arns() {
        let rule = "arn:aws:elasticloadbalancing:eu-west-1:111122223333:listener-rule/app/web/50dc/f2f7/9683";
        let listener =
            "arn:aws:elasticloadbalancing:eu-west-1:111122223333:listener/app/web/50dc/f2f7";
        let group = "arn:aws:elasticloadbalancing:eu-west-1:111122223333:targetgroup/new/73e2";
        let parts = |arn| ArnParts::of(ELB, arn).unwrap();
        assert_eq!(parts(rule).balancer().as_deref(), Some("app/web/50dc"));
        assert_eq!(parts(listener).balancer().as_deref(), Some("app/web/50dc"));
        assert_eq!(parts(group).balancer(), None);
        assert_eq!(parts(group).target_group(), Some("targetgroup/new/73e2"));
        assert_eq!(parts(rule).target_group(), None);
        assert_eq!(parts(rule).region, "eu-west-1");
        assert_eq!(parts(rule).account, "111122223333");
    }
}
