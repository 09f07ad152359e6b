# What `services` says, laid out flat: a key of each is known before anything is created.

locals {
  albs = merge([for service, s in var.services : {
    for route, alb in s.albs : "${service}/${route}" => merge(alb, {
      service = service
      route   = route
      # Every rule of the listener; IAM has no finer way to name a rule that is not there yet.
      rules = "${replace(alb.listener, ":listener/", ":listener-rule/")}/*"
      # Dimensions of CloudWatch are the tails of ARNs.
      load_balancer = regex(":listener/(app/[^/]+/[^/]+)/", alb.listener)[0]
      stable_group  = regex(":(targetgroup/[^/]+/[^/]+)$", alb.stable)[0]
      canary_group  = regex(":(targetgroup/[^/]+/[^/]+)$", alb.canary)[0]
    })
  }]...)

  records = merge([for service, s in var.services : {
    for route, record in s.records : "${service}/${route}" => merge(record, { service = service, route = route })
  }]...)

  aliases = merge([for service, s in var.services : {
    for route, alias in s.aliases : "${service}/${route}" => merge(alias, { service = service, route = route })
  }]...)

  team_alarms = merge([for service, s in var.services : {
    for key, alarm in s.alarms : "${service}/${key}" => merge(alarm, { service = service })
  }]...)

  guards = merge(
    { for key, alb in local.albs : "${key}/errors" => {
      service = alb.service, severity = alb.guard.severity, name = "${var.name}-${alb.service}-${alb.route}-errors"
    } if alb.guard != null },
    { for key, alb in local.albs : "${key}/p95" => {
      service = alb.service, severity = alb.guard.severity, name = "${var.name}-${alb.service}-${alb.route}-p95"
    } if alb.guard != null },
  )

  # All alarms that wake `alarm`. ARNs are put together here, because topic, alarm and policy name each other.
  alarms = merge(local.team_alarms, { for key, guard in local.guards : key => merge(guard, {
    arn = "arn:${local.partition}:cloudwatch:${local.here}:alarm:${guard.name}"
  }) })

  guarded_services = toset([for alarm in values(local.alarms) : alarm.service])
}
